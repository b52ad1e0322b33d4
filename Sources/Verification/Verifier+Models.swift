package import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

extension Verifier {
    /// The weights: that they are a model's, and have the digest of the manifest; the metrics: a
    /// line for every epoch.
    package func checkTrain(_ manifest: TrainManifest) throws {
        let folder = dataset.folder(.train)
        let samples = manifest.samples
        let names =
            [StageFile.weights, StageFile.metrics]
            + (manifest.training.curation == nil ? [] : [StageFile.curation])
            + (manifest.halfway == nil ? [] : [StageFile.halfway])
        checkNames(manifest.files, names.map { ($0, samples) }, of: .train)
        if let halfway = manifest.halfway {
            let path = "\(folder)/\(StageFile.halfway)"
            let weights = try WeightsFile.model(path)
            expect(
                weights.digest == halfway.digest && weights.epoch == halfway.epoch,
                "\(path): the weights are not those that the manifest says")
        }
        if let curation = manifest.training.curation {
            try checkCuration(curation, of: manifest)
        }
        let seen = manifest.training.samplesPerEpoch.map {
            0..<$0 * (manifest.training.curation?.candidates ?? 1) * manifest.epochs
        }
        expect(
            manifest.ranks == seen && (seen == nil || samples == manifest.training.samplesPerEpoch),
            "\(folder): the ranks that the model has seen are not those of its epochs")
        let path = "\(folder)/\(StageFile.weights)"
        let weights = try WeightsFile.model(path)
        expect(
            weights.digest == manifest.digest,
            "\(path): the weights are not those that the manifest's digest covers")
        expect(
            weights.model.parameterCount == manifest.parameterCount
                && weights.epoch == manifest.bestEpoch,
            "\(path): is of another model or epoch than the manifest says")
        expect(
            weights.trainedOn == manifest.inputs.first?.id.description,
            "\(path): was trained on other shards than the manifest says")
        let metrics = "\(folder)/\(StageFile.metrics)"
        let text = try InputFile.read(metrics, maximumBytes: 64 << 20)
        var epochs = 0
        var lines: [EpochMetrics] = []
        for line in text.split(separator: 10) {
            epochs += 1
            let json = try JSON.parse(line: line, number: epochs, source: metrics)
            let line = EpochMetrics(json: json)
            expect(line?.epoch == epochs, "\(metrics):\(epochs): is not the line of its epoch")
            if let line { lines.append(line) }
        }
        expect(
            epochs == manifest.epochs,
            "\(metrics): has \(epochs) epochs, the manifest another number")
        let judged = lines.map {
            manifest.training.bestBy == .loss ? $0.judgeLoss : $0.judgeMAE
        }
        expect(
            manifest.judged == judged && manifest.steps == lines.last?.steps,
            "\(metrics): the judged values or steps are not those of the manifest")
    }

    /// The errors: the digest of the manifest, and a row for every sample.
    package func checkEvaluate(_ manifest: EvaluateManifest) throws {
        let path = "\(dataset.folder(.evaluate))/\(StageFile.errors)"
        let text = try InputFile.read(path, maximumBytes: 1 << 32)
        expect(
            Digest(of: text) == manifest.digest,
            "\(path): the errors are not those that the manifest's digest covers")
        let rows = text.count { $0 == 10 } - 1
        expect(
            rows == manifest.samples,
            "\(path): has \(rows) samples, the manifest another number")
        let features = manifest.features == nil ? [] : [FeaturesFile.name]
        checkNames(
            manifest.files, ([StageFile.errors, StageFile.summary] + features).map { ($0, rows) },
            of: .evaluate)
        if let file = manifest.files.last, let features = manifest.features {
            expect(
                features.digest == file.sha256,
                "\(dataset.folder(.evaluate)): the features are not those that the manifest's "
                    + "digest covers")
        }
        checkMean(of: text, manifest, path)
    }

    /// The mean error that the manifest states, as far as nine digits of each row tell.
    private func checkMean(of text: [UInt8], _ manifest: EvaluateManifest, _ path: String) {
        let (name, stated) =
            switch manifest.result {
            case .measured(let mae): ("mae", mae)
            case .estimated(let mae, _): ("estimate_mae", mae)
            }
        guard stated.isFinite else { return }
        let lines = text.split(separator: 10)
        let columns = (lines.first ?? []).split(separator: 44, omittingEmptySubsequences: false)
        guard let column = columns.firstIndex(where: { $0.elementsEqual(name.utf8) }) else {
            return found("\(path): lacks the column '\(name)'")
        }
        var sum = 0.0
        for line in lines.dropFirst() {
            let fields = line.split(separator: 44, omittingEmptySubsequences: false)
            guard fields.indices.contains(column),
                let value = Double(String(decoding: fields[column], as: UTF8.self))
            else { return found("\(path): a row has no number in the column '\(name)'") }
            sum += value
        }
        let mean = sum / Double(max(1, lines.count - 1))
        expect(
            !(abs(mean - stated) > 1e-8 * max(mean, stated)),
            "\(path): the mean error is \(mean), the manifest says \(stated)")
    }

    /// The choices of a round's resample stage.
    package static func choices(of dataset: Dataset) throws -> [ChosenSample] {
        let path = try SafePath.resolve(StageFile.choices, in: dataset.folder(.resample))
        return try choices(
            try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes), path: path)
    }

    /// The same table as a version's, but that samples have no rank yet.
    private static func choices(_ text: [UInt8], path: String) throws -> [ChosenSample] {
        let ranked = text.split(separator: 10).enumerated().flatMap { number, line in
            let fields = line.split(separator: 44, maxSplits: 1, omittingEmptySubsequences: false)
            let rank = Array((number == 0 ? ",rank," : ",0,").utf8)
            return Array(fields[0]) + rank + Array(fields.count > 1 ? fields[1] : []) + [10]
        }
        return try ChoiceTable(ranked, path: path).rows.map(\.choice)
    }

    /// What a round chose: the table, the configurations that it adds, and the counts of both.
    package func checkResample(_ manifest: ResampleManifest) throws {
        let folder = dataset.folder(.resample)
        let path = try SafePath.resolve(StageFile.choices, in: folder)
        let text = try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes)
        expect(
            Digest(of: text) == manifest.digest,
            "\(path): the choices are not those that the manifest's digest covers")
        let choices = try Verifier.choices(text, path: path)
        let added = choices.filter { $0.action == .added }
        checkNames(
            manifest.files,
            [(StageFile.choices, choices.count), (StageFile.configurations, added.count)],
            of: .resample)
        let joined = choices.filter { $0.action != .dropped }
        let mean = ScoreMean.of(joined.map { $0.score ?? 0 })
        expect(
            manifest.added == added.count
                && manifest.taken == choices.count { $0.action == .taken }
                && manifest.dropped == choices.count { $0.action == .dropped }
                && manifest.strata == ChosenSample.summary(of: choices)
                && manifest.meanScore == mean
                && choices.allSatisfy { $0.round == manifest.round },
            "\(folder): the manifest's counts, scores or round are not those of the choices")
        let lines = "\(folder)/\(StageFile.configurations)"
        let ids = try InputFile.read(lines, maximumBytes: ChoiceTable.maximumBytes).split(
            separator: 10
        ).enumerated().map { try JSON.parse(line: $1, number: $0 + 1, source: lines)["id"]?.string }
        expect(
            ids == added.map(\.id.description),
            "\(lines): is not of the configurations that the choices add, in their order")
    }

    /// The log of a curated training: that it is whole, of this training, and, where what was drawn
    /// from is here as it was and kinds decided, that every choice follows from its proposal.
    private func checkCuration(_ curation: OnlineCuration, of manifest: TrainManifest) throws {
        let path = "\(dataset.folder(.train))/\(StageFile.curation)"
        let log = try CurationLog.read(
            try InputFile.read(path, maximumBytes: 256 << 20), path: path)
        expect(
            log.curation == curation && log.seed == Int(manifest.training.seed)
                && log.count == manifest.training.samplesPerEpoch
                && log.lines.count == manifest.epochs,
            "\(path): is the log of another training, or of another number of epochs")
        // A dataset that grew leaves out other samples than it did.
        guard let pack = try? dataset.manifest(PackManifest.self),
            manifest.inputs.contains(where: { $0.id == pack.id }),
            let sample = try? dataset.manifest(SampleManifest.self),
            let split = try? dataset.manifest(SplitManifest.self),
            case .drawn(let design) = sample.origin, log.count > 0
        else { return }
        let draws = CuratedDraws(
            SampleStream(design, split: split.split), count: log.count, curation,
            seed: manifest.training.seed)
        expect(log.first == (try draws.first()), "\(path): was drawn from other samples")
        guard curation.criterion == .kinds else { return }
        for line in log.lines {
            guard
                let proposal = line.proposal.flatMap({
                    StreamProposal(json: $0, strata: design.strata.count)
                })
            else {
                expect(false, "\(path): window \(line.window.number) has no proposal")
                continue
            }
            let again = try draws.window(line.window.number, by: proposal)
            expect(
                again.chosen == line.window.chosen && again.weights == line.window.weights,
                "\(path): what was chosen in window \(line.window.number) does not follow from its "
                    + "proposal")
        }
    }
}
