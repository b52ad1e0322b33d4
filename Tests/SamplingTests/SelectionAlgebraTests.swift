import Documents
import Fields
import Foundation
import Sampling
import Testing

@Suite struct SelectionAlgebraTests {
    static let strata = [1, 2, 4, 7]
    static let split = try? Split(
        testEvery: 5, validationEvery: 8, subsets: [12.5, 25, 50, 100],
        windows: [
            Split.Window(name: "A", share: Percentage(12.5), offset: 0),
            Split.Window(name: "B", share: Percentage(12.5), offset: 1),
        ])

    static func selections() throws -> [Selection] {
        try #require(split).selections(strata: strata, counts: strata.map { _ in 40 })
    }

    struct Sample: Hashable { let part: Split.Part, rank: Int, sources: Int }

    /// All samples of the dataset.
    static func samples() throws -> [Sample] {
        let split = try #require(split)
        return strata.indices.flatMap { stratum in
            (0..<40).map { index in
                let (part, rank) = split.rank(
                    of: SampleAddress(stratum: stratum, index: index), strata: strata.count)
                return Sample(part: part, rank: rank, sources: strata[stratum])
            }
        }
    }

    static func chosen(_ text: String) throws -> Set<Sample> {
        let expression = try SelectionExpression(text, among: selections())
        return Set(
            try samples().filter {
                expression.contains(part: $0.part, rank: $0.rank, sources: $0.sources)
            })
    }

    @Test func namesAreThoseOfTheManifest() throws {
        let samples = try Self.samples()
        for selection in try Self.selections() {
            let wanted = Set(
                samples.filter {
                    selection.contains(part: $0.part, rank: $0.rank, sources: $0.sources)
                })
            #expect(try Self.chosen(selection.name) == wanted)
            #expect(wanted.count == selection.samples)
        }
        #expect(try Self.chosen("S25%") == Self.chosen("train/S25%"))
        #expect(try Self.chosen("B12.5%") == Self.chosen("train/S12.5%-B"))
        #expect(try Self.chosen("n07").count == 40 && Self.chosen("n7") == Self.chosen("n07"))
        #expect(try Self.chosen("n3").isEmpty)
        for part in Split.Part.allCases {
            #expect(try Self.chosen(part.rawValue) == Set(samples.filter { $0.part == part }))
        }
    }

    /// & binds tighter than |, and spaces do not matter.
    @Test func operators() throws {
        let (a, b, c) = (try Self.chosen("S50%"), try Self.chosen("n02"), try Self.chosen("test"))
        #expect(try Self.chosen("S50% & n02") == a.intersection(b))
        #expect(try Self.chosen("S50%|n02") == a.union(b))
        #expect(try Self.chosen(" test |S50%&n02 ") == c.union(a.intersection(b)))
        #expect(try Self.chosen("S50% & n02 | test") == c.union(a.intersection(b)))
        #expect(!a.intersection(b).isEmpty && a.intersection(b) != a)
        let both = SelectionExpression(
            anyOf: try ["S50% & n02", "test"].map {
                try SelectionExpression($0, among: Self.selections())
            })
        #expect(both.description == "S50% & n02 | test")
        #expect(SelectionExpression(anyOf: []) == .everything)
        let all = SelectionExpression.everything
        #expect(
            try Self.samples().allSatisfy {
                all.contains(part: $0.part, rank: $0.rank, sources: $0.sources)
            })
    }

    /// Where no sample of a range may belong, none does; and a range that lies apart is seen to.
    @Test func rangesThatMayBeSkipped() throws {
        let samples = try Self.samples()
        for text in ["S25%", "test & n04", "S12.5%-B | validation", "S50% & test"] {
            let expression = try SelectionExpression(text, among: Self.selections())
            for part in Split.Part.allCases {
                for start in stride(from: 0, to: 160, by: 12) {
                    let inside = samples.filter {
                        $0.part == part && (start..<start + 12).contains($0.rank)
                    }
                    let any = inside.contains {
                        expression.contains(part: $0.part, rank: $0.rank, sources: $0.sources)
                    }
                    #expect(!any || expression.mayContain(part: part, ranks: start..<start + 12))
                }
            }
        }
        let quarter = try SelectionExpression("S25%", among: Self.selections())
        #expect(!quarter.mayContain(part: .train, ranks: 100..<112))
        #expect(!quarter.mayContain(part: .test, ranks: 0..<12))
    }

    @Test(arguments: [
        "S30%", "", "S25% &", "| test", "tests", "train/test", "n", "n-1", "S25%-Z", "&",
        "S25% & & test",
    ]) func unknownNames(text: String) throws {
        let error = #expect(throws: SamplingError.self) {
            try SelectionExpression(text, among: Self.selections())
        }
        #expect(error?.code == .selection)
    }

    /// Ranges made of chosen ranks hold them and no other that exists, in a form that JSON and
    /// bisection keep.
    @Test(arguments: 0..<50) func rangesHoldWhatIsChosen(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let existing = (0..<200).filter { _ in draw(5) > 0 }
        let chosen = Set(existing.filter { _ in draw(Int(seed % 4) + 2) == 0 })
        let ranges = Selection.ranges(among: existing, where: chosen.contains)
        // A selection holds something; of nothing there are no ranges.
        #expect(ranges.isEmpty == chosen.isEmpty)
        guard !ranges.isEmpty else { return }
        let selection = Selection(
            name: "train/round-1", part: .train, ranges: ranges, samples: chosen.count)
        #expect(existing.filter { selection.contains($0) } == chosen.sorted(), "seed \(seed)")
        for rank in existing {
            #expect(
                selection.contains(part: .train, rank: rank, sources: 3) == chosen.contains(rank),
                "seed \(seed)")
            #expect(!selection.contains(part: .test, rank: rank, sources: 3))
        }
        for _ in 0..<50 {
            let first = draw(210)
            let span = first..<first + draw(20)
            #expect(
                selection.overlaps(span)
                    == (!span.isEmpty && ranges.contains { $0.overlaps(span) }), "seed \(seed)")
        }
        #expect(try Selection(json: selection.json) == selection)
        let expression = try SelectionExpression("round-1", among: [selection])
        #expect(
            existing.filter { expression.contains(part: .train, rank: $0, sources: 1) }
                == chosen.sorted())
    }

    @Test(arguments: [
        #"[]"#, #"[[0,2],[2,4]]"#, #"[[3,4],[0,1]]"#, #"[[0,0],[2,3]]"#, #"[[0,5],[2,9]]"#,
        #"[[-1,2],[4,5]]"#, #"[[0]]"#, #"[1,2]"#, #""x""#,
    ]) func wrongRangesAreRefused(text: String) throws {
        func document(_ members: String) throws -> JSON {
            let text = #"{"name":"train/x","part":"train","samples":0,"# + members + "}"
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            return value(object)
        }
        #expect(throws: SamplingError.self) {
            try Selection(json: try document(#""ranges":"# + text))
        }
        #expect(throws: SamplingError.self) {
            try Selection(json: try document(#""ranks":[0,4],"ranges":[[0,1],[2,3]]"#))
        }
        #expect(throws: SamplingError.self) { try Selection(json: try document(#""stratum":1"#)) }
    }

    private func value(_ any: Any) -> JSON {
        switch any {
        case let text as String: .string(text)
        case let number as Int: .integer(number)
        case let array as [Any]: .array(array.map(value))
        case let object as [String: Any]: .object(object.mapValues(value))
        default: .null
        }
    }
}
