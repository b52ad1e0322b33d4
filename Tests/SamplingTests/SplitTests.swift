import Documents
import Fields
import Sampling
import Testing

@Suite struct SplitTests {
    static let periods: [(Int?, Int?)] = [
        (5, nil), (5, 10), (2, 2), (nil, 7), (nil, nil), (3, 4), (1_000_000, 1_000_000),
    ]

    @Test(arguments: periods) func partsPartitionTheIndices(test: Int?, validation: Int?) throws {
        let split = try Split(testEvery: test, validationEvery: validation)
        var next: [Split.Part: Int] = [:]
        for index in 0..<3000 {
            for part in Split.Part.allCases {
                #expect(split.positions(of: part, among: index) == next[part, default: 0])
            }
            let place = split.place(index)
            // Positions count up in index order, without gaps.
            #expect(place.position == next[place.part, default: 0])
            next[place.part, default: 0] += 1
            #expect(split.index(place) == index)
            #expect(
                test == nil || (place.part == .test) == (index % (test ?? 1) == (test ?? 1) - 1))
        }
        for index in [SampleSequence.maximumCount - 1, 123_456_789_012] {
            #expect(split.index(split.place(index)) == index)
        }
        // The largest arguments do not overflow.
        _ = split.index(Split.Place(part: .validation, position: SampleSequence.maximumCount))
        #expect((split.index(Split.Place(part: .test, position: 0)) == nil) == (test == nil))
        #expect(
            (split.index(Split.Place(part: .validation, position: 0)) == nil) == (validation == nil)
        )
    }

    @Test func validationIsCutFromTraining() throws {
        let split = try Split(testEvery: 5, validationEvery: 4)
        let parts = (0..<10).map { split.place($0).part }
        #expect(
            parts == [
                .train, .train, .train, .validation, .test, .train, .train, .train, .validation,
                .test,
            ])
        #expect(split.place(5) == Split.Place(part: .train, position: 3))
    }

    @Test func ranksInvert() throws {
        let split = try Split(validationEvery: 8)
        var seen: Set<[Int]> = []
        for stratum in 0..<3 {
            for index in 0..<200 {
                let address = SampleAddress(stratum: stratum, index: index)
                let (part, rank) = split.rank(of: address, strata: 3)
                #expect(split.address(part: part, rank: rank, strata: 3) == address)
                let ordinal = try #require(Split.Part.allCases.firstIndex(of: part))
                #expect(seen.insert([ordinal, rank]).inserted)
            }
        }
        // All counts equal: ranks of a part are 0..<n without gaps.
        #expect(seen.filter { $0[0] == 0 }.map { $0[1] }.sorted() == Array(0..<140 * 3))
        #expect(try Split(testEvery: nil).address(part: .test, rank: 0, strata: 3) == nil)
        for rank in [-1, 1 << 50, 1 << 53, .max] {
            #expect(
                try Split(testEvery: 5, validationEvery: 7).address(
                    part: .train, rank: rank, strata: 3) == nil)
        }
    }

    @Test func impossibleSplitsAreRefused() throws {
        func code(_ body: () throws -> Any) -> SamplingError.Code? {
            #expect(throws: SamplingError.self) { _ = try body() }?.code
        }
        for period in [1, 0, -5, 1_000_001, .max] {
            #expect(code { try Split(testEvery: period) } == .split)
            #expect(code { try Split(validationEvery: period) } == .split)
        }
        for subsets in [
            [], [50], [50, 50, 100], [50, 25, 100], [0, 100], [-1, 100], [50, 101], [1.00001, 100],
            [.nan, 100],
        ] { #expect(code { try Split(subsets: subsets) } == .split, "\(subsets)") }
        let five = try Percentage(5)
        for (name, offset) in [("", 0), ("a b", 0), ("A/B", 0), ("é", 0), ("A", -1), ("A", .max)] {
            #expect(
                code { try Split(windows: [Split.Window(name: name, share: five, offset: offset)]) }
                    == .split)
        }
        let a = Split.Window(name: "A", share: five, offset: 0)
        #expect(
            code { try Split(windows: [a, Split.Window(name: "A", share: five, offset: 1)]) }
                == .split)
        _ = try Split(windows: [a, Split.Window(name: "A", share: try Percentage(2.5), offset: 1)])
    }

    @Test func splitsRoundTrip() throws {
        let windows = [Split.Window(name: "A", share: try Percentage(1.25), offset: 0)]
        for (test, validation) in Self.periods {
            let split = try Split(
                testEvery: test, validationEvery: validation, subsets: [0.0001, 33.3333, 100],
                windows: windows)
            #expect(try Split(json: split.json) == split)
        }
        let good = try #require(try Split(windows: windows).json.object)
        func code(_ change: (inout [String: JSON]) -> Void) -> SamplingError.Code? {
            var members = good
            change(&members)
            return #expect(throws: SamplingError.self) { try Split(json: .object(members)) }?.code
        }
        for key in good.keys {
            #expect(code { $0[key] = nil } == .document)
            #expect(code { $0[key] = .string("5") } == .document)
        }
        #expect(code { $0["subsets"] = .array([.string("5"), .number(100)]) } == .document)
        #expect(code { $0["windows"] = .array([.object(["name": .string("A")])]) } == .document)
        #expect(code { $0["test_every"] = .number(1) } == .split)
        #expect(code { $0["test"] = .number(1) } == .document)
    }
}

@Suite struct PercentageTests {
    @Test func sharesAreExact() throws {
        for (percent, count, share) in [
            (1.25, 16_000, 200), (1.25, 4000, 50), (2.5, 16_000, 400), (12.5, 16_000, 2000),
            (100, 16_000, 16_000), (1.25, 1, 1), (1.25, 0, 0), (1.25, 81, 2), (1.25, 80, 1),
            (33.3333, 3, 1), (33.3334, 3, 2), (0.0001, 1, 1), (0.0001, 1_000_001, 2),
            (100, 1 << 40, 1 << 40),
        ] as [(Double, Int, Int)] {
            #expect(try Percentage(percent).of(count) == share, "\(percent)% of \(count)")
        }
    }

    @Test func allDecimalsRoundTrip() throws {
        for scaled in 1...1_000_000 where scaled < 2000 || scaled % 37 == 0 {
            let share = try Percentage(Double(scaled) / 10_000)
            #expect(share.tenThousandths == scaled)
            #expect(Double(share.description) == share.percent)
        }
        #expect(
            try [1.25, 2.5, 5, 12.5, 100, 0.0001].map { try Percentage($0).description } == [
                "1.25", "2.5", "5", "12.5", "100", "0.0001",
            ])
    }

    @Test func improperSharesAreRefused() {
        for percent in [0, -1, 100.0001, .nan, .infinity, 1.00001, 1e-5, 0.1 + 0.2, 1e300] {
            let error = #expect(throws: SamplingError.self) { try Percentage(percent) }
            #expect(error?.code == .split, "\(percent)")
        }
    }
}
