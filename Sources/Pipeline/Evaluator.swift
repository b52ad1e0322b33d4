internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

/// Judges predictions on a selection of a dataset's samples: those of models, or anybody's from a file.
final class Evaluator {
    static let errorsName = "errors.csv"
    static let summaryName = "summary.csv"

    /// Whose predictions are judged.
    enum Predictions {
        case models(ModelEnsemble)
        case file(PredictionsReader)
    }

    private let store: PackedSamples
    private let selection: String
    private let samples: [PackedSamples.Sample]
    private let predictions: Predictions
    private let output: Dataset
    private let threads: Int
    private let pipeline: String
    private let reporter: any Reporter

    /// Sites that are predicted at a time.
    private static let sites = 1 << 20

    /// Checks that everything fits together; nothing is written.
    init(
        data: Dataset, selection: String, predictions: Predictions, output: Dataset, threads: Int, pipeline: String,
        reporter: any Reporter
    ) throws {
        store = try PackedSamples(try data.manifest(.pack), in: data.folder(.pack))
        self.selection = selection
        samples = try store.select(selection)
        self.predictions = predictions
        self.output = output
        self.threads = threads
        self.pipeline = pipeline
        self.reporter = reporter
        let lattice = store.physics.lattice
        switch predictions {
        case .models(let ensemble):
            guard ensemble.lattice == lattice else {
                throw PipelineError(
                    .data,
                    "\(ensemble.members[0].path) is for \(ensemble.lattice.rows) × \(ensemble.lattice.columns) sites, the "
                        + "dataset \(data.root) has \(lattice.rows) × \(lattice.columns): train a model on this lattice"
                )
            }
            let physics = store.physics.json.canonicalText
            for member in ensemble.members {
                if let other = member.weights.physics, other != physics {
                    reporter.warned("\(member.path) was trained on another physics than that of \(data.root)")
                }
            }
        case .file(let file):
            try Evaluator.check(file, store, samples)
        }
    }

    /// What determines the result, apart from the shards; the manifest's parameters, but for the digest of predictions.
    private var parameters: [String: JSON] {
        var members: [String: JSON] = [
            "selection": .string(selection), "models": .array([]), "dropout_samples": .integer(0), "predictions": .null,
        ]
        if case .models(let ensemble) = predictions {
            members["models"] = .array(ensemble.members.map { .string($0.weights.digest.description) })
            members["dropout_samples"] = .integer(ensemble.dropoutSamples)
        }
        return members
    }

    private var fingerprint: Digest {
        Fingerprint.evaluate(parameters: .object(parameters), pack: store.manifest.id)
    }

    /// Whether this very evaluation was done before; never for a file of predictions, which may have changed.
    var isDone: Bool { finished != nil }

    private var finished: Manifest? {
        guard case .models = predictions, let record = StepRecord(step: "evaluate", in: output),
            record.fingerprint == fingerprint, record.isIntact(in: output)
        else { return nil }
        return try? output.manifest(.evaluate)
    }

    /// Judges every sample, and writes both tables and the manifest.
    func run() throws {
        let started = Date()
        if let manifest = finished {
            return reporter.ended(
                .evaluate, id: manifest.id, samples: samples.count,
                bytes: manifest.files.reduce(0) { $0 + $1.bytes }, seconds: 0, skipped: true)
        }
        reporter.began(.evaluate, total: samples.count, done: 0)
        let folder = output.folder(.evaluate)
        try Dataset.createFolder(folder)
        var hasVariance = false
        if case .models(let ensemble) = predictions { hasVariance = ensemble.hasVariance }
        var table = try ErrorTable("\(folder)/\(Evaluator.errorsName)", hasVariance: hasVariance)
        var (computing, waited) = (0.0, 0.0)
        var values = Digest.Hasher()
        let sites = store.physics.lattice.count
        let reader = BatchReader(
            store: store, samples: samples, size: max(1, Evaluator.sites / sites), keepingFields: false)
        let source = reader.read(epochs: 0..<1, threads: threads)
        while true {
            try Interruption.check()
            let asked = Date()
            guard let batch = try source.next() else { break }
            waited += Date().timeIntervalSince(asked)
            let begun = Date()
            let (y, variance) = try predict(batch)
            computing += Date().timeIntervalSince(begun)
            if case .file = predictions { values.update(FieldBytes.bytes(of: y)) }
            for (number, sample) in batch.samples.enumerated() {
                let range = number * sites..<(number + 1) * sites
                let errors = FieldErrors(x: batch.x[range], y: batch.labels[range], prediction: y[range])
                if let site = errors.badSite { throw notFinite(sample, site, y[range.lowerBound + site]) }
                try table.add(sample, errors, variance: variance?[number])
            }
            reporter.advanced(.evaluate, done: table.count)
        }
        // Until here, an earlier evaluation stays as it was.
        StepRecord.remove("evaluate", in: output)
        AtomicFile.remove("\(folder)/\(Manifest.fileName)")
        let digest = try table.commit()
        try AtomicFile.write(Array(table.summaryText.utf8), to: "\(folder)/\(Evaluator.summaryName)")
        var parameters = parameters
        if case .file = predictions { parameters["predictions"] = .string(values.finish().description) }
        let manifest = try manifest(parameters, table, digest, folder)
        let seconds = Date().timeIntervalSince(started)
        try Provenance(
            stage: .evaluate, manifest: manifest.id, pipeline: pipeline, threads: threads, started: started,
            seconds: seconds, workSeconds: seconds, samples: samples.count, importPath: nil,
            extra: ["waited_seconds": .number(waited), "computing_seconds": .number(computing)]
        ).write(to: folder)
        try output.commit(
            manifest, of: .evaluate, fingerprint: fingerprint, samples: samples.count, seconds: seconds)
        reporter.ended(
            .evaluate, id: manifest.id, samples: samples.count, bytes: manifest.files.reduce(0) { $0 + $1.bytes },
            seconds: seconds, skipped: false)
        reporter.noted(
            "mean absolute error \(ErrorTable.digits(table.mae)); the models computed "
                + "\(Words.rate(Double(samples.count) / max(computing, 1e-9)))")
    }

    private func manifest(
        _ parameters: [String: JSON], _ table: ErrorTable, _ digest: Digest, _ folder: String
    ) throws -> Manifest {
        var inputs = [Manifest.Input(stage: "pack", path: store.manifest.packPath, id: store.manifest.id)]
        if case .models(let ensemble) = predictions {
            for member in ensemble.members {
                guard let id = member.manifest?.id else { continue }
                inputs.append(Manifest.Input(stage: "train", path: "train/\(Manifest.fileName)", id: id))
            }
        }
        return Manifest(
            stage: Stage.evaluate.rawValue, parameters: .object(parameters), inputs: inputs,
            content: .object([
                "samples": .integer(samples.count), "mae": .number(table.mae), "digest": .string(digest.description),
            ]),
            files: try [Evaluator.errorsName, Evaluator.summaryName].map { name in
                let digest = try FileDigest(of: "\(folder)/\(name)", followingLinks: false)
                return Manifest.File(path: name, bytes: digest.bytes, sha256: digest.sha256, samples: samples.count)
            })
    }

    private func predict(_ batch: SampleBatch) throws -> (y: [Float], variance: [Double]?) {
        switch predictions {
        case .models(let ensemble): return ensemble.predict(batch.x)
        case .file(let file):
            var y: [Float] = []
            y.reserveCapacity(batch.x.count)
            for sample in batch.samples {
                guard let row = file.row(of: sample.id) else { continue }
                y += try file.y(at: row)
            }
            return (y, nil)
        }
    }

    private func notFinite(_ sample: PackedSamples.Sample, _ site: Int, _ value: Float) -> PipelineError {
        let columns = store.physics.lattice.columns
        let path =
            switch predictions {
            case .models(let ensemble): ensemble.members[0].path
            case .file(let file): file.path
            }
        return PipelineError(
            .data,
            "\(path): the prediction of sample \(sample.id) is \(value) at row \(site / columns), column "
                + "\(site % columns)")
    }

    /// Refuses a file that lacks a sample of the selection, or has one that the dataset does not have.
    private static func check(
        _ file: PredictionsReader, _ store: PackedSamples, _ samples: [PackedSamples.Sample]
    ) throws {
        let lattice = store.physics.lattice
        guard file.lattice == lattice else {
            throw PipelineError(
                .data,
                "\(file.path): /y has fields of \(file.lattice.rows) × \(file.lattice.columns) sites, the dataset has "
                    + "\(lattice.rows) × \(lattice.columns)")
        }
        func refuse(_ ids: [SampleID], _ what: String) throws {
            guard let first = ids.first else { return }
            throw PipelineError(
                .data, "\(file.path): \(what): \(ids.count) samples, \(first) the first")
        }
        try refuse(samples.map(\.id).filter { file.row(of: $0) == nil }, "/id lacks samples of the selection")
        let known = Set(store.samples.map(\.id))
        try refuse(file.ids.filter { !known.contains($0) }, "/id has samples that the dataset does not have")
    }
}
