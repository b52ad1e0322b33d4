import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Shards
import Testing
import Verification

/// `pack` with every codec and `unpack`: one manifest id, the same labels; every changed byte is
/// found.
struct CodecTests {
    /// Runs a small pipeline in `scratch`/NAME with a codec.
    private func run(_ scratch: Scratch, _ name: String, codec: String, sources: String = "pinned")
        throws -> String
    {
        let path = try scratch.file(
            "\(name).yaml", pipelineText(sources: sources, samples: "4", samplesPerPart: 6))
        var options = Commands.Options(pipeline: path, output: "\(scratch.path)/\(name)")
        options.codec = codec
        options.threads = 2
        let events = Events()
        try Commands(options, reporter: events).run(until: .pack)
        return try #require(events.ids[.pack])
    }

    @Test(arguments: ["pinned", "emitting"]) func unpacksToTheSameFiles(sources: String) throws {
        let scratch = try Scratch()
        let id = try run(scratch, "standard", codec: "standard", sources: sources)
        let folder = "\(scratch.path)/standard/pack"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0 != "provenance.json"
        }
        #expect(names.count > 2)
        for codec in ShardCodecs.all.map(\.name) where codec != "standard" {
            #expect(try run(scratch, codec, codec: codec, sources: sources) == id)
            let report = try Verifier(path: "\(scratch.path)/\(codec)", threads: 1).verify(
                resolve: 2, seed: 1)
            #expect(report.findings.isEmpty && report.resolved == 2)
            let result = try Unpacker(
                path: "\(scratch.path)/\(codec)/pack", output: "\(scratch.path)/\(codec)-unpacked",
                threads: 2
            ).unpack()
            #expect(result.id == id && result.samples == 8)
            for name in names {
                #expect(
                    try scratch.bytes("\(codec)-unpacked/pack/\(name)")
                        == scratch.bytes("standard/pack/\(name)"), "\(codec), \(name)")
            }
            #expect(throws: DatasetError.self) {
                _ = try Unpacker(path: folder, output: "\(scratch.path)/\(codec)-unpacked")
            }
        }
    }

    /// A codec that is none is refused, and so is an archive of labels that are not what the digest
    /// says.
    @Test func refusals() throws {
        let scratch = try Scratch()
        #expect(throws: PipelineError.self) { _ = try run(scratch, "a", codec: "zip") }
        _ = try run(scratch, "archive", codec: "archive")
        let shard = "archive/pack/train-00000.h5"
        var bytes = try scratch.bytes(shard)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: "\(scratch.path)/\(shard)"))
        #expect(throws: DatasetError.self) {
            _ = try Unpacker(path: "\(scratch.path)/archive", output: "\(scratch.path)/u").unpack()
        }
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/u/pack/manifest.json"))
    }

    /// Changes of one byte in shards, tables and manifests: `verify` finds every one.
    /// STEADYSET_CHANGES says how many for each codec, 300 unless given; 3334 were tried.
    @Test(arguments: ShardCodecs.all.map(\.name)) func everyChangedByteIsFound(codec: String)
        throws
    {
        let scratch = try Scratch()
        _ = try run(scratch, "whole", codec: codec)
        let folder = "\(scratch.path)/whole/pack"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0 != "provenance.json"
        }
        let files = try names.sorted().map { ($0, try scratch.bytes("whole/pack/\($0)")) }
        let seed = UInt64.random(in: 0...(.max))
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let changes =
            ProcessInfo.processInfo.environment["STEADYSET_CHANGES"].flatMap(Int.init) ?? 300
        for number in 0..<changes {
            // Each file gets its share, large or small.
            let (name, good) = files[number % files.count]
            var bad = good
            let place = draw(good.count)
            bad[place] ^= UInt8(1 + draw(255))
            let path = "\(folder)/\(name)"
            try bad.write(to: URL(fileURLWithPath: path))
            do {
                let report = try Verifier(path: folder, threads: 1).verify(resolve: 0, seed: 0)
                #expect(!report.findings.isEmpty, "seed \(seed): byte \(place) of \(name)")
            } catch is PipelineError {} catch is ShardsError {}
            try good.write(to: URL(fileURLWithPath: path))
        }
        #expect(try Verifier(path: folder, threads: 1).verify(resolve: 0, seed: 0).findings.isEmpty)
    }
}
