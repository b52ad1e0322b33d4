import Fields
import Foundation
import Shards
import Testing

/// What shards store beyond disks in a constant medium: shapes, keys, coefficients.
struct FamilyTests {
    static let shapes: [Shape] = [
        .disk(radius: 2.5), Shape(Ellipse(down: 4, across: 2.25, angle: 33.125)),
        Shape(Rectangle(down: 0, across: 3, angle: 0)), Shape(Ring(outer: 4, inner: 0)),
        Shape(
            Polygon(
                (0..<16).map { Polygon.Corner(down: Double($0 % 5), across: Double($0 % 3) - 1) })),
        Shape(
            Polygon([(-2, 0), (2, 3), (2, -3)].map { Polygon.Corner(down: $0.0, across: $0.1) })),
    ]

    static let random = Coefficient.random(RandomCoefficient(from: 0.1, to: 3, length: 9, key: nil))

    static func physics(_ diffusivity: Diffusivity, decay: Coefficient = .constant(0.01)) throws
        -> Physics
    {
        try Physics(
            lattice: try Lattice(rows: 32, columns: 40), diffusivity: diffusivity, decayRate: decay)
    }

    /// Writes a file of three samples with these sources each, and reads it.
    static func write(
        _ path: String, _ sources: [[Source]], under physics: Physics, kind: ShardKind = .part
    ) throws -> (reader: ShardReader, media: [Medium]) {
        let drawn = ShardCoefficient.drawn(under: physics)
        let fixed = ShardCoefficient.fixed(under: physics)
        let common = try physics.realised(keys: Array(repeating: 0, count: physics.openKeys))
            .medium()
        let writer = try ShardWriter(
            path: path, lattice: physics.lattice, capacity: 5, maximumSources: 4, kind: kind,
            coefficients: drawn, fixed: fixed.map { ($0, $0.values(common)) })
        let encoder = try SampleEncoder(lattice: physics.lattice)
        let field = [Float](repeating: 0.5, count: physics.lattice.count)
        var media: [Medium] = []
        for (number, list) in sources.enumerated() {
            let keys = (0..<physics.openKeys).map { UInt32(10 * number + $0) }
            let medium = try physics.realised(keys: keys).medium()
            media.append(medium)
            try writer.append(
                try encoder.encode(
                    x: field, y: field, id: SampleID(bits: UInt64(number)), sources: list,
                    keys: keys, index: UInt64(number), errorBound: 0,
                    coefficients: drawn.map { $0.values(medium) }))
        }
        try writer.finish()
        return (try ShardReader(path: path), media)
    }

    /// The table is as wide as its shapes need, and gives all of them back.
    @Test func shapesRoundTrip() throws {
        let folder = try TemporaryFolder()
        let physics = try Self.physics(.isotropic(.constant(1)))
        for (count, width) in [(1, 4), (2, 8), (3, 8), (4, 8), (5, 40)] {
            let sources = (0..<3).map { number in
                (Self.shapes[..<count] + Self.shapes[..<count]).dropFirst(number).prefix(number + 1)
                    .map { Source(row: 8, column: 9 + number, shape: $0, value: 0.25) }
            }
            let path = folder("\(count).h5")
            let (reader, _) = try Self.write(path, sources, under: physics)
            let full =
                sources.joined().contains { $0.shape.code == 4 }
                ? 40 : sources.joined().contains { $0.shape.code > 0 } ? 8 : 4
            #expect(full == width)
            for (position, list) in sources.enumerated() {
                #expect(try reader.sources(at: position) == list)
            }
            #expect(
                reader.keys(at: 2).isEmpty && reader.coefficients.isEmpty
                    && reader.fixedCoefficients.isEmpty)
            let bytes = Data(try contents(path))
            for (text, least) in [
                ("row,column,radius,value", 4), ("value,shape,a,b,angle", 8),
                ("row_16,column_16", 40),
            ] {
                #expect(
                    (bytes.range(of: Data(text.utf8)) != nil) == (full >= least),
                    "\(full) columns: \(text)")
            }
        }
    }

    @Test func keysAndCoefficientsRoundTrip() throws {
        let folder = try TemporaryFolder()
        let layers = Coefficient.layered(.init(axis: .rows, edges: [9], values: [1, 2]))
        let decay = Coefficient.random(RandomCoefficient(from: 0.01, to: 0.02, length: 5, key: nil))
        let source = [Source(row: 8, column: 9, radius: 2, value: 1)]
        for (number, physics) in try [
            Self.physics(.isotropic(Self.random)),
            Self.physics(.anisotropic(down: Self.random, across: layers)),
            Self.physics(.isotropic(layers), decay: decay),
            Self.physics(.anisotropic(down: layers, across: .constant(1))),
            Self.physics(.anisotropic(down: Self.random, across: Self.random), decay: decay),
            Self.physics(.isotropic(.constant(1)), decay: layers.scaled(by: 0.01)),
        ].enumerated() {
            let (reader, media) = try Self.write(
                folder("\(number).h5"), [source, source, source], under: physics)
            #expect(reader.coefficients == ShardCoefficient.drawn(under: physics))
            #expect(reader.fixedCoefficients == ShardCoefficient.fixed(under: physics))
            #expect(
                reader.coefficients.map(\.planes) == [[1], [2], [1], [], [2, 1], []][number],
                "\(number)")
            #expect(
                reader.fixedCoefficients.map(\.planes) == [[], [], [1], [2], [], [1]][number],
                "\(number)")
            let decoder = try SampleDecoder(lattice: physics.lattice)
            for (position, medium) in media.enumerated() {
                #expect(
                    reader.keys(at: position)
                        == (0..<physics.openKeys).map { UInt32(10 * position + $0) })
                for dataset in reader.coefficients {
                    #expect(
                        try reader.coefficient(dataset, at: position, with: decoder)
                            == dataset.values(medium))
                }
                for dataset in reader.fixedCoefficients {
                    #expect(try reader.fixedCoefficient(dataset) == dataset.values(medium))
                }
            }
            // Samples carry everything over into another file, which is the same.
            let writer = try ShardWriter(
                path: folder("copy.h5"), lattice: physics.lattice, capacity: 3, maximumSources: 4,
                kind: .part, coefficients: reader.coefficients,
                fixed: try reader.fixedCoefficients.map { ($0, try reader.fixedCoefficient($0)) })
            for position in 0..<3 { try writer.append(try reader.sample(at: position)) }
            try writer.finish()
            let copy = try ShardReader(path: folder("copy.h5"))
            for position in 0..<3 {
                #expect(try copy.sample(at: position) == reader.sample(at: position))
            }
            _ = try Self.write(folder("again.h5"), [source, source, source], under: physics)
            #expect(try contents(folder("\(number).h5")) == contents(folder("again.h5")))
        }
    }

    /// A flipped bit in a coefficient's chunk is found when it is read.
    @Test func damageIsFound() throws {
        let folder = try TemporaryFolder()
        let physics = try Self.physics(.isotropic(Self.random))
        let source = [Source(row: 8, column: 9, radius: 2, value: 1)]
        let (reader, media) = try Self.write(folder("s.h5"), [source], under: physics)
        let dataset = try #require(reader.coefficients.first)
        let frame = try reader.frame(dataset, at: 0)
        let bytes = try contents(folder("s.h5"))
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: frame) })
        var found = 0
        for offset in stride(from: 0, to: frame.count, by: 37) {
            var damaged = bytes
            damaged[start + offset] ^= 4
            try put(damaged, folder("damaged.h5"))
            let other = try ShardReader(path: folder("damaged.h5"))
            let decoder = try SampleDecoder(lattice: physics.lattice)
            let code = try code { _ = try other.coefficient(dataset, at: 0, with: decoder) }
            #expect(code == .corrupt, "offset \(offset)")
            found += 1
        }
        #expect(found > 30)
        #expect(
            try reader.coefficient(dataset, at: 0, with: SampleDecoder(lattice: physics.lattice))
                == dataset.values(media[0]))
    }
}

extension Coefficient {
    fileprivate func scaled(by factor: Double) -> Coefficient {
        guard case .layered(let layers) = self else { return self }
        return .layered(
            .init(axis: layers.axis, edges: layers.edges, values: layers.values.map { $0 * factor })
        )
    }
}
