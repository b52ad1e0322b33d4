import Fields
import Shards

/// Files of samples: what is opened is read to its end, sample by sample, and the two ways to read
/// a sample agree.
struct ShardLaw: ParserLaw {
    static let name = "shard"

    private let file: ParserFile
    private var decoders: [Lattice: SampleDecoder] = [:]

    /// Fields of larger lattices take long, and are decoded by the same code.
    private static let largestLattice = 1 << 12

    init() throws { file = try ParserFile("f.h5") }

    mutating func check(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        let reader = try ShardReader(path: file.path)
        try require(
            reader.count * 66 <= bytes.count, "\(reader.count) samples in \(bytes.count) bytes")
        // What is wrong with one sample says nothing of the others.
        var refusal: (any Error)?
        func attempt(_ body: () throws -> Void) throws {
            do { try body() } catch let broken as LawBroken { throw broken } catch {
                refusal = refusal ?? error
            }
        }
        try attempt {
            let records = try LocationTable.records(of: reader)
            let chunks = reader.count == 0 ? 0 : reader.checksums(at: 0).count
            try require(
                records.count == reader.count * (68 + 12 * chunks),
                "a record of a location has another length")
        }
        for dataset in reader.fixedCoefficients where isSmall(reader) {
            try attempt { _ = try reader.fixedCoefficient(dataset) }
        }
        for position in 0..<min(reader.count, 4) {
            try attempt {
                let sources = try reader.sources(at: position)
                try require(sources.count == reader.sourceCounts[position], "sources are missing")
            }
            guard isSmall(reader) else { continue }
            try attempt {
                let sample = try reader.sample(at: position)
                try require(sample.id == reader.ids[position], "a sample with another id")
            }
            let decoder = try decoder(of: reader.lattice)
            for dataset in reader.coefficients {
                try attempt { _ = try reader.coefficient(dataset, at: position, with: decoder) }
            }
            // A recipe has no fields.
            guard reader.codec.labels != nil else { continue }
            try attempt {
                var x = [Float](repeating: 0, count: reader.lattice.count)
                var y = x
                try reader.read(at: position, x: &x, y: &y, with: decoder)
                try require(
                    ShardLaw.bits(try reader.x(at: position, with: decoder)) == ShardLaw.bits(x),
                    "x is another when it is read alone")
                try require(
                    ShardLaw.bits(try reader.y(at: position, with: decoder)) == ShardLaw.bits(y),
                    "y is another when it is read alone")
            }
        }
        if let refusal { throw refusal }
    }

    private func isSmall(_ reader: ShardReader) -> Bool {
        reader.lattice.count <= ShardLaw.largestLattice
    }

    private mutating func decoder(of lattice: Lattice) throws -> SampleDecoder {
        if let decoder = decoders[lattice] { return decoder }
        if decoders.count > 8 { decoders = [:] }
        let decoder = try SampleDecoder(lattice: lattice)
        decoders[lattice] = decoder
        return decoder
    }

    /// Numbers that are compared as they are, as no number equals NaN.
    static func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

    func mend(_ bytes: inout [UInt8]) { HDF5Records.mend(&bytes) }
}
