internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

/// Where a training stands after an epoch: everything that the rest of it depends on.
struct TrainingCheckpoint {
    /// What the training is; another one's checkpoint is of no use.
    let fingerprint: Digest
    /// Every epoch so far.
    var metrics: [EpochMetrics]
    /// The best so far.
    var best: BestEpoch
    /// Seconds of work so far.
    var seconds: Double
    /// The network's numbers.
    var parameters: [Float]
    var statistics: [Float]
    /// The optimiser's.
    var steps: Int
    var mean: [Float]
    var square: [Float]
    /// The network's numbers after the best epoch.
    var bestParameters: [Float]
    var bestStatistics: [Float]
    /// The network's numbers after half of the epochs, where they are kept.
    var halfway: NetworkNumbers?
    /// What a curated training drew so far, and why.
    var curation: SavedCuration?

    private static let format = "steadyset-checkpoint"
    private static let version = "2"
    /// The member of the metadata that guards all the rest.
    private static let sha256 = "sha256"

    static func path(in dataset: Dataset) -> String { "\(dataset.privateFolder)/train.safetensors" }

    /// The fingerprint of the training whose checkpoint is there; nil where there is none that can
    /// be read.
    static func fingerprint(in dataset: Dataset) -> Digest? {
        guard let file = try? WeightsFile.tensors(path(in: dataset)),
            file.metadata["format"] == format, file.metadata["version"] == version
        else { return nil }
        return file.metadata["fingerprint"].flatMap(Digest.init(hex:))
    }

    /// Writes the checkpoint, atomically, in place of the one before.
    func write(in dataset: Dataset) throws {
        var tensors = [
            ("parameters", parameters), ("statistics", statistics), ("adam.mean", mean),
            ("adam.square", square), ("best.parameters", bestParameters),
            ("best.statistics", bestStatistics),
        ]
        if let halfway {
            tensors += [
                ("halfway.parameters", halfway.parameters),
                ("halfway.statistics", halfway.statistics),
            ]
        }
        var state: [String: JSON] = [
            "metrics": .array(metrics.map(\.json)), "steps": .integer(steps),
            "seconds": .number(seconds), "best_epoch": .integer(best.epoch),
            "best_value": best.epoch > 0 ? .number(best.value) : .null,
        ]
        if let curation {
            tensors += [
                ("curation.chosen", curation.chosen), ("curation.weights", curation.weights),
            ]
            state["proposals"] = .array(curation.proposals.map(\.json))
        }
        var metadata = [
            "format": TrainingCheckpoint.format, "version": TrainingCheckpoint.version,
            "fingerprint": fingerprint.description, "state": JSON.object(state).canonicalText,
        ]
        let values = tensors.map {
            Safetensors.Tensor(name: $0.0, shape: [$0.1.count], values: $0.1)
        }
        metadata[TrainingCheckpoint.sha256] =
            TrainingCheckpoint.digest(metadata, values).description
        try AtomicFile.write(
            Safetensors(metadata: metadata, tensors: values).bytes,
            to: TrainingCheckpoint.path(in: dataset))
    }

    /// SHA-256 of everything in the file but itself.
    private static func digest(_ metadata: [String: String], _ tensors: [Safetensors.Tensor])
        -> Digest
    {
        var hasher = Digest.Hasher()
        let words = metadata.filter { $0.key != sha256 }
        hasher.update(JSON.object(words.mapValues(JSON.string)).canonicalBytes)
        for tensor in tensors.sorted(by: { $0.name < $1.name }) {
            hasher.update(Array("\(tensor.name) \(tensor.shape)\n".utf8))
            hasher.update(FieldBytes.bytes(of: tensor.values))
        }
        return hasher.finish()
    }

    /// The checkpoint of the training with `fingerprint`, of a network with so many numbers; nil
    /// where there is none that can be used: the training then begins anew.
    ///
    /// - Parameter damaged: Hears what is wrong with a file that is there and cannot be trusted.
    init?(
        in dataset: Dataset, fingerprint: Digest, parameters: Int, statistics: Int, patience: Int?,
        curated: (positions: Int, strata: Int)? = nil, damaged: (String) -> Void
    ) {
        let path = TrainingCheckpoint.path(in: dataset)
        guard InputFile.isFolder(path) != nil else { return nil }
        let file: Safetensors
        do { file = try WeightsFile.tensors(path) } catch {
            damaged(PipelineError(error).message)
            return nil
        }
        guard
            TrainingCheckpoint.digest(file.metadata, file.tensors).description
                == file.metadata[Self.sha256]
        else {
            damaged("\(path) is not what was written")
            return nil
        }
        guard file.metadata["format"] == TrainingCheckpoint.format,
            file.metadata["version"] == TrainingCheckpoint.version,
            file.metadata["fingerprint"] == fingerprint.description,
            let text = file.metadata["state"],
            let state = try? JSON.parse(Array(text.utf8), source: "state"),
            let steps = state["steps"]?.int, let lines = state["metrics"]?.array,
            let bestEpoch = state["best_epoch"]?.int
        else { return nil }
        func values(_ name: String, _ count: Int) -> [Float]? {
            file[name].flatMap { $0.values.count == count ? $0.values : nil }
        }
        guard let current = values("parameters", parameters),
            let running = values("statistics", statistics),
            let mean = values("adam.mean", parameters),
            let square = values("adam.square", parameters),
            let bestParameters = values("best.parameters", parameters),
            let bestStatistics = values("best.statistics", statistics)
        else { return nil }
        metrics = lines.compactMap { EpochMetrics(json: $0) }
        guard !metrics.isEmpty, metrics.count == lines.count, bestEpoch <= metrics.count else {
            return nil
        }
        if let parameters = values("halfway.parameters", parameters),
            let statistics = values("halfway.statistics", statistics)
        {
            halfway = NetworkNumbers(parameters: parameters, statistics: statistics)
        }
        if let curated {
            let positions = metrics.count * curated.positions
            guard let chosen = values("curation.chosen", positions),
                let weights = values("curation.weights", positions),
                let listed = state["proposals"]?.array
            else { return nil }
            let proposals = listed.compactMap { StreamProposal(json: $0, strata: curated.strata) }
            guard proposals.count == listed.count,
                [0, metrics.count + 1].contains(proposals.count)
            else { return nil }
            curation = SavedCuration(chosen: chosen, weights: weights, proposals: proposals)
        }
        self.fingerprint = fingerprint
        self.parameters = current
        self.statistics = running
        self.steps = steps
        self.mean = mean
        self.square = square
        self.bestParameters = bestParameters
        self.bestStatistics = bestStatistics
        best = BestEpoch(
            patience: patience, epoch: bestEpoch, value: state["best_value"]?.double ?? .infinity)
        seconds = state["seconds"]?.double ?? 0
    }

    init(
        fingerprint: Digest, metrics: [EpochMetrics], best: BestEpoch, seconds: Double,
        network: Network, adam: Adam, bestParameters: [Float], bestStatistics: [Float],
        halfway: NetworkNumbers?, curation: SavedCuration?
    ) {
        (self.fingerprint, self.metrics, self.best, self.seconds) = (
            fingerprint, metrics, best, seconds
        )
        (parameters, statistics) = (network.parameters, network.statistics)
        (steps, mean, square) = (adam.steps, adam.mean, adam.square)
        (self.bestParameters, self.bestStatistics) = (bestParameters, bestStatistics)
        self.halfway = halfway
        self.curation = curation
    }
}

/// All numbers of a network at one time of its training.
struct NetworkNumbers {
    let parameters: [Float]
    let statistics: [Float]
}
