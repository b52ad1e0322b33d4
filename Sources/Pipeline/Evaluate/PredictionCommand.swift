internal import Datasets
internal import Fields
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// What `steadyset predict` does: fields for given configurations, by trained models.
public struct PredictionCommand {
    /// What is to be predicted, and by what.
    public struct Options: Sendable {
        /// Models: folders or files of weights. Several predict together.
        public var models: [String]
        /// Configurations, as JSON Lines.
        public var from: String
        /// The HDF5 file that is written.
        public var output: String
        /// A folder for images, or nil.
        public var images: String?
        /// Whether files that are there already may be overwritten.
        public var replace = false
        /// Threads; nil for all cores.
        public var threads: Int?

        /// Options with defaults where there are any.
        public init(models: [String], from: String, output: String) {
            (self.models, self.from, self.output) = (models, from, output)
        }
    }

    /// What was done.
    public struct Report: Sendable {
        /// Samples.
        public let samples: Int
        /// Seconds in which the models computed.
        public let seconds: Double
    }

    private let options: Options
    /// Sites that are predicted at a time.
    private static let sites = 1 << 20

    /// Checks the options.
    public init(_ options: Options) throws {
        guard !options.models.isEmpty else { throw PipelineError(.usage, "predict needs --model") }
        try OutputPlace.check(file: options.output)
        self.options = options
        Interruption.listen()
    }

    private static func image(_ number: Int, in folder: String) -> String {
        "\(folder)/prediction_\(SampleListing.Part.digits(number)).png"
    }

    /// Predicts every configuration, in the order of the lines.
    public func run() throws -> Report {
        let ensemble = try Ensemble(
            options.models, dropoutSamples: 0,
            threads: options.threads ?? Cores.usable)
        let member = ensemble.members[0]
        let file = try ImportedConfigurations(path: options.from, physicsOf: ensemble)
        let (physics, addresses) = (file.physics, file.addresses)
        let ids = try addresses.map { try file.configuration($0).id }
        try OutputPlace.check(free: options.output, replace: options.replace, what: "predictions")
        if let folder = options.images {
            try Dataset.createFolder(folder)
            for number in addresses.indices {
                let path = PredictionCommand.image(number, in: folder)
                try OutputPlace.check(free: path, replace: options.replace, what: "images")
            }
        }
        let temporary = AtomicFile.temporary(for: options.output)
        let writer = try PredictionsWriter(path: temporary, lattice: physics.lattice, ids: ids)
        var seconds = 0.0
        let size = max(1, PredictionCommand.sites / physics.lattice.count)
        for start in stride(from: 0, to: addresses.count, by: size) {
            try Interruption.check()
            let batch = addresses[start..<min(addresses.count, start + size)]
            let images = try batch.map {
                SourceImage(try file.configuration($0)).dense(on: physics.lattice)
            }
            let began = Stopwatch()
            let y = ensemble.predict(images.flatMap { $0 }).y
            seconds += began.seconds
            for (number, x) in images.enumerated() {
                let field = Array(y[number * x.count..<(number + 1) * x.count])
                guard field.allSatisfy(\.isFinite) else {
                    throw PipelineError(
                        .data,
                        "\(member.path) gives a value that is not finite for line "
                            + "\(file.lineNumber(batch[start + number])) of \(options.from)")
                }
                try writer.append(field)
                if let folder = options.images {
                    let image = ColourScale.image(
                        [x, field], rows: physics.lattice.rows, columns: physics.lattice.columns)
                    try AtomicFile.write(
                        image.bytes, to: PredictionCommand.image(start + number, in: folder))
                }
            }
        }
        try writer.finish()
        try AtomicFile.commit(temporary: temporary, as: options.output)
        return Report(samples: addresses.count, seconds: seconds)
    }
}
