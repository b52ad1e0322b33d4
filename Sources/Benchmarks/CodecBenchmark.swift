internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Pipeline
internal import Sampling
package import Shards
internal import Solving

/// What each codec makes of a pipeline's labels on grids of different steps: bytes, time, and what
/// rounding costs.
public struct CodecBenchmark {
    /// One codec on one grid.
    package struct Row {
        /// Labels are multiples of 2⁻ᵇⁱᵗˢ; nil for plain binary32.
        package let gridBits: Int?
        package let codec: any ShardCodec
        /// Bytes of all labels, raw and as stored, and of x and y together.
        package var raw = 0
        package var label = 0
        package var sample = 0
        /// Milliseconds of CPU for all labels.
        package var compress = 0.0
        package var expand = 0.0
        /// The largest certified error of a label.
        package var bound = 0.0
    }

    package let rows: [Row]
    package let samples: Int
    private let pipeline: PipelineFile

    /// Grids that are measured.
    package static let grids: [Int?] = [16, 18, 19, 20, 22, 24, nil]

    /// Solves `perStratum` samples of each stratum on each grid, to within 10⁻⁷ of the rounding,
    /// and times the codecs on one thread, the fastest of `repeats`.
    public init(pipeline path: String?, perStratum: Int, repeats: Int) throws {
        Interruption.listen()
        pipeline =
            try path.map { try PipelineFile(path: $0) }
            ?? PipelineFile(text: Benchmark.standardPipeline, path: "the standard pipeline")
        guard let design = pipeline.design else {
            throw PipelineError(
                .data, "\(path ?? ""): has no 'sampling', so there is nothing to measure")
        }
        var addresses: [SampleAddress] = []
        for (stratum, count) in design.counts.enumerated() {
            addresses += (0..<min(perStratum, count)).map {
                SampleAddress(stratum: stratum, index: $0)
            }
        }
        samples = addresses.count
        var rows: [Row] = []
        for bits in CodecBenchmark.grids {
            rows += try CodecBenchmark.measure(
                design, addresses, bits, pipeline.compressionLevel, repeats)
        }
        self.rows = rows
    }

    private static func measure(
        _ design: Design, _ addresses: [SampleAddress], _ bits: Int?, _ level: Int, _ repeats: Int
    ) throws -> [Row] {
        let physics = design.physics
        let step = bits.map { Double(sign: .plus, exponent: -$0, significand: 1) }
        let accuracy = Accuracy(tolerance: (step ?? 0x1p-23) / 2 + 1e-7, gridBits: bits)
        let solver = Solver(physics: physics, accuracy: accuracy)
        let encoder = try SampleEncoder(lattice: physics.lattice, level: level)
        let decoder = try SampleDecoder(lattice: physics.lattice)
        let content = ShardContent(
            physics: physics, step: step, fixed: try ShardCoefficient.fixedValues(under: physics))
        var rows: [Row] = []
        var coders: [(encoder: any LabelEncoder, decoder: any LabelDecoder)] = []
        for codec in ShardCodecs.all {
            guard let labels = codec.labels else { continue }
            rows.append(Row(gridBits: bits, codec: codec))
            coders.append(
                (
                    try labels.encoder(for: content, level: level),
                    try labels.decoder { content }
                ))
        }
        var label = [Float](repeating: 0, count: physics.lattice.count)
        var back = label
        for address in addresses {
            try Interruption.check()
            let configuration = try design.configuration(
                stratum: address.stratum, index: address.index)
            let image = SourceImage(configuration)
            let solution = solver.solve(image, physics: configuration.physics, into: &label)
            let x = image.dense(on: physics.lattice)
            let medium = configuration.physics.medium()
            let coefficients = ShardCoefficient.drawn(under: physics).map { $0.values(medium) }
            let sample = EncodedSample(
                id: configuration.id, sources: configuration.sources,
                keys: physics.keys(of: configuration.physics), index: 0, rank: nil,
                errorBound: solution.errorBound, ySHA256: FieldBytes.digest(of: label),
                x: try encoder.frame(of: x, as: .x), y: [])
            for (number, coder) in coders.enumerated() {
                let (compress, packed) = try Elapsed.fastest(of: repeats) {
                    try coder.encoder.chunk(
                        of: label, x: x, coefficients: coefficients, in: sample)
                }
                let (expand, _) = try Elapsed.fastest(of: repeats) {
                    // Decoding may change the chunk.
                    var chunk = packed
                    var span = back.mutableSpan
                    try coder.decoder.decode(
                        &chunk, coefficients: coefficients, x: x.span, into: &span, with: decoder)
                }
                rows[number].add(
                    label, packed, sample.x.count, compress, expand, solution.errorBound)
                guard back == label else {
                    throw PipelineError(
                        .data,
                        "sample \(configuration.id): the codec '\(rows[number].codec.name)' "
                            + "changes its label; this is a defect")
                }
            }
        }
        return rows
    }

    /// The table, for a person.
    public var text: String {
        var lines = [
            "\(pipeline.name): \(samples) samples of \(pipeline.physics.lattice.rows) × "
                + "\(pipeline.physics.lattice.columns) sites; MB are raw bytes of y, per second "
                + "of CPU of one thread", "",
            "| grid | codec | y | x and y | compress | expand | largest error bound |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in rows {
            let grid = row.gridBits.map { "2^-\($0)" } ?? "none"
            lines.append(
                "| \(grid) | \(row.codec.name) | "
                    + "\(String(format: "%.2f", Double(row.raw) / Double(row.label))) | "
                    + "\(String(format: "%.2f", Double(2 * row.raw) / Double(row.sample))) | "
                    + "\(String(format: "%.0f", Double(row.raw) / 1000 / row.compress)) MB/s | "
                    + "\(String(format: "%.0f", Double(row.raw) / 1000 / row.expand)) MB/s | "
                    + "\(BoundText.exponential(row.bound, 2)) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CodecBenchmark.Row {
    fileprivate mutating func add(
        _ y: [Float], _ chunk: [UInt8], _ x: Int, _ compress: Elapsed, _ expand: Elapsed,
        _ bound: Double
    ) {
        raw += 4 * y.count
        label += chunk.count
        sample += chunk.count + x
        self.compress += compress.cpu
        self.expand += expand.cpu
        self.bound = max(self.bound, bound)
    }
}
