internal import Datasets
internal import Fields
internal import Sampling
internal import Shards
internal import Solving

/// What a model learns from, or is judged by: samples by number.
protocol TrainingSource: Sendable {
    /// Numbers of an epoch.
    var count: Int { get }
    /// The lattice of the fields.
    var lattice: Lattice { get }
    /// Whether every epoch has the same samples, in an order of its own. Otherwise an epoch goes on
    /// where the one before ended, and its samples come in their order.
    var isRepeated: Bool { get }
    /// Returns what reads samples; each thread has its own.
    func makeReader() throws -> any TrainingReader
}

/// Reads samples of a source; one thread owns it.
protocol TrainingReader: AnyObject {
    /// The sample with this number, x and y (rows, columns); nil where there is none.
    func sample(_ number: Int) throws -> (id: SampleID, x: [Float], y: [Float])?
}

/// Samples of shards.
struct PackedSource: TrainingSource {
    let store: PackedSamples
    let samples: [PackedSamples.Sample]
    let isRepeated = true

    var count: Int { samples.count }
    var lattice: Lattice { store.physics.lattice }

    func makeReader() throws -> any TrainingReader {
        Reader(source: self, decoder: try SampleDecoder(lattice: lattice))
    }

    private final class Reader: TrainingReader {
        private let source: PackedSource
        private let decoder: SampleDecoder

        init(source: PackedSource, decoder: SampleDecoder) {
            (self.source, self.decoder) = (source, decoder)
        }

        func sample(_ number: Int) throws -> (id: SampleID, x: [Float], y: [Float])? {
            let sample = source.samples[number]
            let reader = try source.store.reader(of: sample)
            return (
                sample.id, try reader.x(at: Int(sample.row), with: decoder),
                try reader.y(at: Int(sample.row), with: decoder)
            )
        }
    }
}

/// The training part of a design without an end, solved as it is needed: a number is a rank.
struct EndlessSource: TrainingSource {
    let stream: SampleStream
    let accuracy: Accuracy
    /// Ranks of an epoch.
    var count: Int
    let isRepeated = false

    var lattice: Lattice { stream.design.physics.lattice }

    /// The samples that `dataset` was drawn from.
    ///
    /// - Throws: `PipelineError` where they were not drawn, or nobody knows how.
    init(_ dataset: Dataset, pack: PackManifest, count: Int) throws {
        let sample: SampleManifest
        let split: SplitManifest
        do {
            sample = try dataset.manifest(SampleManifest.self)
            split = try dataset.manifest(SplitManifest.self)
        } catch {
            throw PipelineError(
                .noInput,
                "'train.selection: endless' draws on, so it needs the stages 'sample' and 'split' "
                    + "of \(dataset.root): \(DatasetError(error).message)", cause: error)
        }
        guard case .drawn(let design) = sample.origin else {
            throw PipelineError(
                .data,
                "the samples of \(dataset.root) are imported, so that nothing can be drawn on: "
                    + "set train.selection to what there is")
        }
        stream = SampleStream(design, split: split.split)
        (accuracy, self.count) = (pack.accuracy, count)
    }

    func makeReader() throws -> any TrainingReader { Reader(self) }

    private final class Reader: TrainingReader {
        private let stream: SampleStream
        private let solver: Solver
        private var label: [Float]

        init(_ source: EndlessSource) {
            stream = source.stream
            solver = Solver(physics: source.stream.design.physics, accuracy: source.accuracy)
            label = [Float](repeating: 0, count: source.lattice.count)
        }

        func sample(_ number: Int) throws -> (id: SampleID, x: [Float], y: [Float])? {
            guard let sample = try stream.sample(.train, rank: number) else { return nil }
            let configuration = sample.configuration
            let image = SourceImage(configuration)
            let solution = solver.solve(image, physics: configuration.physics, into: &label)
            guard solution.isCertified else { return nil }
            return (sample.id, image.dense(on: solver.lattice), label)
        }
    }
}

/// What was chosen for one epoch of a curated training, solved as it is needed: a number counts
/// positions from the first epoch on.
struct CuratedSource: TrainingSource {
    let drawn: EndlessSource
    let window: CuratedWindow
    /// The training rank at each of its positions.
    private let ranks: [Int?]
    let isRepeated = false

    init(_ drawn: EndlessSource, _ window: CuratedWindow, candidates: Int) {
        (self.drawn, self.window) = (drawn, window)
        ranks = window.ranks(candidates: candidates)
    }

    var count: Int { ranks.count }
    var lattice: Lattice { drawn.lattice }

    func makeReader() throws -> any TrainingReader { Reader(self, try drawn.makeReader()) }

    private final class Reader: TrainingReader {
        private let source: CuratedSource
        private let drawn: any TrainingReader

        init(_ source: CuratedSource, _ drawn: any TrainingReader) {
            (self.source, self.drawn) = (source, drawn)
        }

        func sample(_ number: Int) throws -> (id: SampleID, x: [Float], y: [Float])? {
            try source.ranks[number - source.window.number * source.count].flatMap(drawn.sample)
        }
    }
}
