import Fields
import Foundation
import Shards
import Testing

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/steadyset-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Names in the folder, sorted, hidden ones included.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// Bytes of a file.
func contents(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Writes a file without any care.
func put(_ bytes: some Sequence<UInt8>, _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// A seeded generator: SplitMix64 (Steele, Lea and Flood 2014).
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Samples that look like the real thing: disks in x, smooth decay around them in y, rounded to
/// multiples of 2⁻²⁰.
struct Sample {
    var id: SampleID
    var sources: [Source]
    var index: UInt64
    var x: [Float]
    var y: [Float]

    static func make(_ index: Int, on lattice: Lattice, seed: UInt64 = 7) -> Sample {
        var random = Seeded(seed &+ UInt64(index) &* 1000)
        let sources = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            Source(
                row: .random(in: 5..<lattice.rows - 5, using: &random),
                column: .random(in: 5..<lattice.columns - 5, using: &random), radius: 5,
                value: .random(in: 0.1...1, using: &random))
        }
        var x = [Float](repeating: 0, count: lattice.count)
        var y = x
        for source in sources {
            source.forEachSite(on: lattice) { x[$0] = max(x[$0], Float(source.value)) }
        }
        for row in 0..<lattice.rows {
            for column in 0..<lattice.columns {
                var sum = 0.0
                for source in sources {
                    let distance = Double(
                        (row - source.row) * (row - source.row) + (column - source.column)
                            * (column - source.column)
                    ).squareRoot()
                    sum += source.value * exp(-max(0, distance - 5) / 20)
                }
                y[row * lattice.columns + column] = Float((sum * 0x1p20).rounded() * 0x1p-20)
            }
        }
        return Sample(
            id: SampleID(bits: random.next()), sources: sources, index: UInt64(index), x: x, y: y)
    }
}

/// Writes a shard of `count` samples and returns them.
@discardableResult func writeShard(
    _ path: String, lattice: Lattice, count: Int, capacity: Int? = nil, kind: ShardKind = .shard,
    seed: UInt64 = 7
) throws -> [Sample] {
    let writer = try ShardWriter(
        path: path, lattice: lattice, capacity: capacity ?? count, maximumSources: 4, kind: kind,
        attributes: [
            ("physics", .string("{\"γ\":1}")), ("tolerance", .double(1e-6)),
            ("grid", .double(0x1p-20)),
        ])
    let encoder = try SampleEncoder(lattice: lattice)
    let samples = (0..<count).map { Sample.make($0, on: lattice, seed: seed) }
    for (position, sample) in samples.enumerated() {
        try writer.append(
            try encoder.encode(
                x: sample.x, y: sample.y, id: sample.id, sources: sample.sources,
                index: sample.index, rank: kind == .shard ? UInt64(position) * 3 : nil,
                errorBound: 5e-7))
    }
    try writer.finish()
    return samples
}

/// The code of the `ShardsError` that `body` throws, or nil where it throws nothing.
func code(_ body: () throws -> Void) throws -> ShardsError.Code? {
    do {
        try body()
        return nil
    } catch let error as ShardsError {
        #expect(!error.message.isEmpty)
        return error.code
    }
}
