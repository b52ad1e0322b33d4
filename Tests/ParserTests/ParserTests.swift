import Foundation
import Testing

/// Every parser of data from outside keeps its law for the files of its corpus: real ones, and
/// those that once did not. `scripts/fuzz` changes them millions of times.
struct ParserTests {
    /// The folder of all corpora.
    static let corpora = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/fuzzing/corpus")

    /// Files of a parser's corpus, by their names. What begins with `good` is what Steadyset
    /// itself makes; with `bad`, what must be refused.
    static func files(_ name: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpora.appendingPathComponent(name), includingPropertiesForKeys: nil
        ).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    @Test(arguments: ParserLaws.all.map { $0.name }) func keepsItsLaw(_ name: String) throws {
        var law = try #require(ParserLaws.named(name)).init()
        let files = try ParserTests.files(name)
        #expect(files.contains { $0.lastPathComponent.hasPrefix("good") })
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            var isAccepted: Bool?
            do { isAccepted = try law.accepts(bytes) } catch {
                Issue.record("\(name)/\(file.lastPathComponent): \(error)")
            }
            let kind = file.lastPathComponent
            if kind.hasPrefix("good") { #expect(isAccepted == true, "\(name)/\(kind)") }
            if kind.hasPrefix("bad") { #expect(isAccepted == false, "\(name)/\(kind)") }
            // What is right already stays so when its checksums are made right.
            guard kind.hasPrefix("good") else { continue }
            var mended = bytes
            law.mend(&mended)
            #expect(try law.accepts(mended), "\(name)/\(kind) with checksums")
        }
    }

    /// Some changes of every file, cut at every 7th place and with single bytes changed: the laws
    /// hold, checksums made right or not.
    @Test(arguments: ParserLaws.all.map { $0.name }) func keepsItsLawWhenChanged(_ name: String)
        throws
    {
        var law = try #require(ParserLaws.named(name)).init()
        let seed = UInt64.random(in: 0...(.max))
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        for file in try ParserTests.files(name) {
            let good = [UInt8](try Data(contentsOf: file))
            guard !good.isEmpty else { continue }
            for number in 0..<40 {
                var bad = number % 8 == 0 ? Array(good[..<draw(good.count)]) : good
                for _ in 0..<number % 3 where !bad.isEmpty {
                    bad[draw(bad.count)] = UInt8(truncatingIfNeeded: draw(256))
                }
                if number % 2 == 0 { law.mend(&bad) }
                do { _ = try law.accepts(bad) } catch {
                    Issue.record("seed \(seed): \(name)/\(file.lastPathComponent): \(error)")
                }
            }
        }
    }
}
