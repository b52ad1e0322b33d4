import Documents
import Fields
import Foundation
import Shards
import Testing

/// Where samples lie in a shard, and the table that says so.
struct LocationTests {
    /// The chunks of a sample are found in the file's own bytes, one after another, and so are the
    /// samples.
    @Test(arguments: [(1, 1), (5, 5), (5, 9), (1500, 1500)]) func samplesAreRanges(
        count: Int, capacity: Int
    ) throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 32)
        try writeShard(folder("s.h5"), lattice: lattice, count: count, capacity: capacity)
        let reader = try ShardReader(path: folder("s.h5"))
        let bytes = try contents(folder("s.h5"))
        let locations = try reader.locations()
        #expect(locations.count == count)
        var end: Int?
        for (position, location) in locations.enumerated() {
            let (x, y) = (try reader.frame(.x, at: position), try reader.frame(.y, at: position))
            #expect(location.sizes == [UInt32(x.count), UInt32(y.count)])
            let start = Int(location.offset)
            #expect(Array(bytes[start..<start + x.count + y.count]) == x + y)
            #expect(end == nil || end == start)
            end = start + x.count + y.count
        }
    }

    /// Coefficients of a sample follow its x and y.
    @Test func coefficientsFollow() throws {
        let folder = try TemporaryFolder()
        let decay = Coefficient.random(RandomCoefficient(from: 0.01, to: 0.02, length: 5, key: nil))
        let source = [Source(row: 8, column: 9, radius: 2, value: 1)]
        for (number, physics) in try [
            FamilyTests.physics(.isotropic(FamilyTests.random)),
            FamilyTests.physics(
                .anisotropic(down: FamilyTests.random, across: FamilyTests.random), decay: decay),
        ].enumerated() {
            let path = folder("\(number).h5")
            let (reader, _) = try FamilyTests.write(path, [source, source, source], under: physics)
            let bytes = try contents(path)
            for (position, location) in try reader.locations().enumerated() {
                let sample = try reader.sample(at: position)
                let chunks = [sample.x, sample.y] + sample.coefficients
                #expect(chunks.count == 3 + number)
                #expect(location.sizes == chunks.map { UInt32($0.count) })
                let all = chunks.flatMap { $0 }
                #expect(Array(bytes[Int(location.offset)...].prefix(all.count)) == all)
            }
        }
    }

    /// The table's bytes, field by field.
    @Test func table() throws {
        let folder = try TemporaryFolder()
        try writeShard(folder("s.h5"), lattice: try Lattice(rows: 32, columns: 40), count: 4)
        let reader = try ShardReader(path: folder("s.h5"))
        let header = String(
            decoding: LocationTable.header(
                samples: 4, codec: ShardCodecs.standard, coefficients: []
            ).dropFirst(10),
            as: UTF8.self)
        #expect(
            header.hasPrefix(
                "{'descr': [('id', '<u8'), ('rank', '<u8'), ('error_bound', '<f8'), ('offset', "
                    + "'<u8'), ('n_sources', '<u4'), ('y_sha256', '|u1', (32,)), ('x_bytes', "
                    + "'<u4'), ('y_bytes', '<u4'), ('x_checksum', '<u8'), ('y_checksum', '<u8')], "
                    + "'fortran_order': False, 'shape': (4,), }"))
        #expect((header.utf8.count + 10) % 64 == 0 && header.hasSuffix("\n"))
        let records = try LocationTable.records(of: reader)
        #expect(records.count == 4 * 92)
        func number(_ offset: Int, _ size: Int) -> UInt64 {
            (0..<size).reduce(0) { $0 | UInt64(records[offset + $1]) << UInt64(8 * $1) }
        }
        for (position, location) in try reader.locations().enumerated() {
            let start = 92 * position
            #expect(number(start, 8) == reader.ids[position].bits)
            #expect(number(start + 8, 8) == UInt64(3 * position))
            #expect(Double(bitPattern: number(start + 16, 8)) == 5e-7)
            #expect(number(start + 24, 8) == location.offset)
            #expect(number(start + 32, 4) == UInt64(reader.sourceCounts[position]))
            #expect(Array(records[start + 36..<start + 68]) == reader.ySHA256s[position].bytes)
            #expect(number(start + 68, 4) == UInt64(location.sizes[0]))
            #expect(number(start + 72, 4) == UInt64(location.sizes[1]))
            #expect(number(start + 76, 8) == XXHash64.hash(of: try reader.frame(.x, at: position)))
            #expect(number(start + 84, 8) == XXHash64.hash(of: try reader.frame(.y, at: position)))
        }
        let wide = LocationTable.header(
            samples: 1, codec: ShardCodecs.standard,
            coefficients: [.init(.diffusivity, planes: 2), .init(.decayRate, planes: 1)])
        #expect(
            String(decoding: wide.dropFirst(10), as: UTF8.self).contains(
                "('y_bytes', '<u4'), ('diffusivity_bytes', '<u4'), ('decay_rate_bytes', '<u4'), "
                    + "('x_checksum', '<u8'), ('y_checksum', '<u8'), ('diffusivity_checksum', "
                    + "'<u8'), ('decay_rate_checksum', '<u8')]"))
    }

    /// A file written in pieces appears when it is committed; one that is dropped leaves nothing.
    @Test func filesInPieces() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = try AtomicFile.Writer(folder("a"))
            try writer.append([1])
            #expect(folder.names == [".a.tmp"])
        }
        #expect(folder.names.isEmpty)
        let writer = try AtomicFile.Writer(folder("a"))
        try writer.append([1, 2])
        try writer.append([])
        try writer.append([3])
        try writer.commit()
        #expect(try contents(folder("a")) == [1, 2, 3])
        #expect(folder.names == ["a"])
    }
}
