import Fields
import Foundation
import Shards
import Testing

/// Files made with h5py by Golden/make_golden.py: one good, the others each with one rule broken.
struct GoldenTests {
    private static func read(_ name: String) throws -> ShardReader {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden").path
        let reader = try ShardReader(path: "\(folder)/\(name).h5")
        let decoder = try SampleDecoder(lattice: reader.lattice)
        for position in 0..<reader.count {
            _ = try reader.sources(at: position)
            _ = try reader.x(at: position, with: decoder)
            _ = try reader.y(at: position, with: decoder, checkingDigest: true)
        }
        return reader
    }

    @Test func good() throws {
        let reader = try Self.read("good")
        #expect(reader.kind == .part)
        #expect(reader.count == 2)
        #expect(try reader.sources(at: 1) == [Source(row: 16, column: 16, radius: 5, value: 1)])
    }

    @Test(arguments: [
        ("missing_chunk", ShardsError.Code.corrupt, "sample 1"),
        ("filter_mask", .corrupt, "without its filter"), ("no_filter", .corrupt, "'x'"),
        ("virtual", .corrupt, "'y'"), ("external_storage", .corrupt, "'id'"),
        ("external_link", .corrupt, "'id'"), ("soft_link", .corrupt, "'id'"),
        ("group", .corrupt, "'id'"), ("column_length", .corrupt, "'id'"),
        ("column_type", .corrupt, "'id'"), ("column_missing", .corrupt, "'error_bound'"),
        ("column_unwritten", .corrupt, "'id'"), ("too_many_sources", .corrupt, "3 sources"),
        ("bad_checksum", .corrupt, "checksum"), ("source_outside", .corrupt, "sample 0"),
        ("wide_sources", .corrupt, "/sources"), ("other_format", .format, "'format'"),
        ("other_version", .format, "version"),
    ]) func bad(_ name: String, _ code: ShardsError.Code, _ part: String) throws {
        let error = #expect(throws: ShardsError.self) { try Self.read(name) }
        #expect(error?.code == code)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\(name).h5") == true, "\(error?.description ?? "")")
    }
}
