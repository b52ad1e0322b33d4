internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// What a run will take, as far as it is not done.
struct RunForecast {
    private let list: PipelineStages
    private let context: StageContext

    init(_ list: PipelineStages, _ context: StageContext) {
        self.list = list
        self.context = context
    }

    /// What the stages up to `last` will take.
    ///
    /// Where parts are solved already, they say what a sample takes; else up to three samples are
    /// made and forgotten.
    func forecast(upTo last: Stage, _ origin: ConfigurationOrigin) throws -> Forecast {
        let (pipeline, threads) = (list.pipeline, context.threads)
        let total = origin.counts.reduce(0, +)
        var forecast = Forecast(root: context.base.root)
        forecast.samples = total
        let stages = last.upToHere
        let solved = try SolvedSoFar(in: context.base)
        // Copies of earlier samples are never solved; which those are is known where they have been
        // drawn.
        let copies = (try? context.base.manifest(SampleManifest.self).copies.count) ?? 0
        forecast.unsolved = stages.contains(.solve) ? max(0, total - copies - solved.samples) : 0
        let done = try doneSteps(upTo: last, origin)
        let isPacked = done[Stage.pack.rawValue] == true
        let isTrained = done[Stage.train.rawValue] == true
        let hasRounds =
            last == .resample && (done.isEmpty || done.values.contains(false))
        guard
            !isPacked || hasRounds
                || (stages.contains(.train) && !isTrained && pipeline.training != nil)
        else { return forecast }
        if !stages.contains(.solve), done[Stage.sample.rawValue] == true { return forecast }
        let sample = try SampleCost(list, threads: threads, origin, solved)
        if !stages.contains(.solve) {
            forecast.bytes += Double(total) * sample.line
            forecast.seconds += Double(total) * sample.drawing
            return forecast
        }
        forecast.bytes += Double(forecast.unsolved) * (sample.part + sample.line)
        let files = list.cut.bound(origin.counts)
        forecast.bytes +=
            Double(files) * SampleCost.file * Double(forecast.unsolved) / Double(max(1, total))
        forecast.seconds += Double(forecast.unsolved) * sample.solving(on: threads)
        if stages.contains(.pack), !isPacked {
            // Shards that are parts take no space of their own, and next to no time; others that
            // change take the place of each other one by one.
            if !list.partsAreShards {
                forecast.bytes += max(0, Double(total) * sample.shard - Double(packedBytes))
                forecast.seconds += Double(total) * sample.packing
            }
        }
        guard stages.contains(.train) else { return forecast }
        let model = try ModelCost(pipeline.training, threads: threads, origin)
        let rounds = hasRounds ? pipeline.curation : nil
        if !isTrained, rounds == nil || pipeline.trainer == nil {
            forecast.bytes += model.bytes
            forecast.seconds += model.seconds
        }
        if let rounds {
            let added = rounds.source == .drawn ? Double(rounds.count) * Double(rounds.add) : 0
            let pool = rounds.source == .drawn ? Double(rounds.pool) : 0
            // What rounds leave, and what one of them needs on the way.
            forecast.bytes +=
                added * sample.shard + Double(rounds.count)
                * (pipeline.trainer == nil ? model.bytes : 0)
            forecast.bytes += added / Double(rounds.count) * sample.part + pool * sample.line
            if pipeline.trainer != nil {
                forecast.bytes +=
                    pool * (sample.part + (pipeline.partsAreShards ? 0 : sample.shard))
            }
            let labels = rounds.score.needsLabels || pipeline.trainer != nil ? pool : 0
            forecast.seconds +=
                (added + Double(rounds.count) * labels) * sample.solving(on: threads)
            forecast.seconds += Double(rounds.count) * (pipeline.trainer == nil ? model.seconds : 0)
        }
        return forecast
    }

    /// The steps of the plan, each with whether it is done; none where other samples, or none, are
    /// there.
    private func doneSteps(upTo last: Stage, _ origin: ConfigurationOrigin) throws -> [String: Bool]
    {
        guard let (manifest, listing) = try? context.listing(of: list.pipeline.design),
            manifest.origin.parameters == origin.parameters
        else { return [:] }
        let steps = list.planned(try list.list(upTo: last, origin), listing)
        return Dictionary(
            zip(steps.map(\.stage.id), StageProgress(context).done(steps)),
            uniquingKeysWith: { first, _ in first })
    }

    /// Bytes of the shards that are there.
    private var packedBytes: Int {
        let folder = context.base.folder(.pack)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { name in
            name.hasSuffix(".h5")
                && Split.Part.allCases.contains { name.hasPrefix("\($0.rawValue)-") }
        }.reduce(0) { sum, name in
            sum
                + ((try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size]
                    as? Int) ?? 0)
        }
    }
}

/// What records say of the parts that are solved.
private struct SolvedSoFar {
    private(set) var samples = 0
    private(set) var bytes = 0
    private(set) var seconds = 0.0

    init(in dataset: Dataset) throws {
        for step in try StepRecord.steps(.solve, in: dataset) where step != Stage.solve.rawValue {
            guard let record = StepRecord(step: step, in: dataset), record.isIntact(in: dataset)
            else { continue }
            samples += record.files.reduce(0) { $0 + $1.samples } + record.leftOut.count
            bytes += record.files.reduce(0) { $0 + $1.bytes }
            seconds += record.seconds
        }
    }
}

/// What one sample takes: bytes in each stage, and seconds.
private struct SampleCost {
    /// Bytes of its configuration, of its row in a part, of its row in a shard.
    private(set) var line = 0.0
    private(set) var part = 0.0
    private(set) var shard = 0.0
    /// Seconds of one thread to draw it, and to draw, solve and compress it.
    private(set) var drawing = 0.0
    private var solving = 0.0

    /// Bytes a second that are written, synchronised and digested, a cautious number.
    private static let rate = 2e8
    /// On larger lattices one sample has to do.
    private static let sites = 1 << 21
    /// Bytes of the columns of a row, beside the sources, and of its part of an HDF5 file's index.
    private static let columns = 160.0
    /// Bytes of a part without samples, with its lines in manifests and its records.
    static let file = 1e4

    /// Seconds to carry it over into a shard.
    var packing: Double { (part + 2 * shard) / SampleCost.rate }

    func solving(on threads: Int) -> Double {
        solving / Double(max(1, threads)) + 2 * part / SampleCost.rate
    }

    init(
        _ list: PipelineStages, threads: Int, _ origin: ConfigurationOrigin, _ solved: SolvedSoFar
    ) throws {
        let lattice = origin.physics.lattice
        let last = origin.strata.count - 1
        let ordinals =
            lattice.count > SampleCost.sites
            ? [last / 2] : Array(Set([0, last / 2, last])).sorted()
        let (physics, pipeline) = (origin.physics, list.pipeline)
        let timer = try SampleTimer(
            origin, accuracy: pipeline.accuracy, codec: list.codec,
            level: pipeline.compressionLevel)
        let table = Double(origin.strata[last]) * 40
        var (measured, fields) = (0, 0.0)
        for ordinal in ordinals {
            try Interruption.check()
            let address = SampleAddress(stratum: ordinal, index: 0)
            var text: [UInt8] = []
            SampleListing.append(
                try origin.configuration(address), under: physics, index: 0, to: &text)
            line += Double(text.count) / Double(ordinals.count)
            let found = try timer.measure(address, repeats: 1, compressing: true, decoding: false)
            guard let encoded = found.encoded, found.isCertified else { continue }
            measured += 1
            fields += SampleCost.bytes(of: encoded)
            drawing += found.draw.wall / 1e3
            solving += (found.total.wall + (found.compress?.wall ?? 0)) / 1e3
        }
        let count = Double(max(1, measured))
        fields = measured == 0 ? 1.2 * Double(lattice.count) : fields / count
        shard = fields + SampleCost.columns + table
        part = shard
        (drawing, solving) = (drawing / count, (drawing + solving) / count)
        if solved.samples > 0 {
            part = Double(solved.bytes) / Double(solved.samples)
            solving = solved.seconds / Double(solved.samples) * Double(threads)
        }
    }

    /// Bytes of a sample's fields.
    private static func bytes(of sample: EncodedSample) -> Double {
        Double(sample.x.count + sample.y.count + sample.coefficients.reduce(0) { $0 + $1.count })
    }
}

/// What a model takes.
private struct ModelCost {
    let bytes: Double
    let seconds: Double

    init(_ training: TrainingDescription?, threads: Int, _ origin: ConfigurationOrigin) throws {
        guard let training,
            let model = try? training.model(on: origin.physics.lattice)
        else {
            (bytes, seconds) = (0, 0)
            return
        }
        let total = origin.counts.reduce(0, +)
        let load = TrainingLoad(training, origin.physics.lattice, samples: total)
        // Weights, and in the checkpoint these, those of the best epoch and two moments; a line of
        // errors for each sample judged.
        bytes = 5 * 4 * Double(model.parameterCount) + 200 * Double(total)
        seconds = (load?.seconds ?? 0) * 2 / Double(max(1, threads))
    }
}
