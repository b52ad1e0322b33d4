import Documents
import Fields
import Sampling
import Testing

@Suite struct SelectionTests {
    /// The samples of a selection by its definition, from the addresses that exist.
    static func members(_ selection: Selection, _ split: Split, _ strata: [Int], _ counts: [Int])
        throws -> Set<SampleAddress>
    {
        let sequence = try SampleSequence(counts: counts)
        return Set(
            sequence.addresses(in: 0..<sequence.count).filter {
                let (part, rank) = split.rank(of: $0, strata: strata.count)
                return selection.contains(part: part, rank: rank, sources: strata[$0.stratum])
            })
    }

    static func windows(_ names: [String], _ percent: Double) throws -> [Split.Window] {
        try names.enumerated().map {
            Split.Window(name: $1, share: try Percentage(percent), offset: $0)
        }
    }

    @Test func thePaperSubsetsAreExact() throws {
        let split = try Split(
            windows: Self.windows(["A", "B", "C"], 1.25) + Self.windows(["A", "B"], 5))
        let strata = Array(1...20)
        let selections = try split.selections(strata: strata, counts: strata.map { _ in 20_000 })
        let byName = Dictionary(uniqueKeysWithValues: selections.map { ($0.name, $0) })
        #expect(selections.count == 7 + 7 + 5 + 40)
        for (name, ranks) in [
            ("train/S1.25%", 0..<4000), ("train/S2.5%", 0..<8000), ("train/S100%", 0..<320_000),
            ("test/S1.25%", 0..<1000), ("test/S100%", 0..<80_000), ("train/S1.25%-A", 0..<4000),
            ("train/S1.25%-C", 8000..<12_000), ("train/S5%-B", 16_000..<32_000),
        ] {
            #expect(byName[name]?.ranges == [ranks], "\(name)")
            #expect(byName[name]?.samples == ranks.count, "\(name)")
            #expect(byName[name]?.stratum == nil, "\(name)")
        }
        #expect(byName["train/n07"]?.samples == 16_000 && byName["train/n07"]?.stratum == 7)
        #expect(byName["test/n20"]?.samples == 4000 && byName["test/n20"]?.span == 0..<80_000)
        #expect(selections.map(\.name).prefix(2) == ["train/S1.25%", "train/S2.5%"])
    }

    /// Laws on strata of equal and of unequal size, some without a part.
    @Test(arguments: [[400, 400, 400], [500, 3, 120], [1, 1, 1], [7, 0, 200]])
    func selectionsKeepTheirLaws(counts: [Int]) throws {
        let strata = [1, 4, 120]
        let split = try Split(validationEvery: 10)
        let sequence = try SampleSequence(counts: counts)
        let leftOut = Set(
            sequence.addresses(in: 0..<sequence.count).filter {
                ($0.index * 7 + $0.stratum) % 11 == 0
            })
        let selections = try split.selections(strata: strata, counts: counts, leftOut: leftOut)
        #expect(Set(selections.map(\.name)).count == selections.count)
        for selection in selections {
            let members = try Self.members(selection, split, strata, counts)
            #expect(selection.samples == members.subtracting(leftOut).count, "\(selection)")
            #expect(try Selection(json: selection.json) == selection)
        }
        for part in [Split.Part.train, .test] {
            let nested = selections.filter { $0.part == part && $0.stratum == nil }
            for (small, large) in zip(nested, nested.dropFirst()) {
                let (inner, outer) = try (
                    Self.members(small, split, strata, counts),
                    Self.members(large, split, strata, counts)
                )
                #expect(
                    inner.isSubset(of: outer) && inner.count >= 1,
                    "\(small.name) in \(large.name)")
            }
            let whole = try nested.last.map { try Self.members($0, split, strata, counts) } ?? []
            #expect(whole.count == counts.reduce(0) { $0 + split.positions(of: part, among: $1) })
            // The selections by stratum partition the part.
            let single = try selections.filter { $0.part == part && $0.stratum != nil }.map {
                try Self.members($0, split, strata, counts)
            }
            #expect(single.reduce(0) { $0 + $1.count } == whole.count)
            #expect(single.reduce(Set()) { $0.union($1) } == whole)
        }
        let validation = selections.filter { $0.part == .validation }
        #expect(validation.map(\.name) == (counts.max() ?? 0 >= 12 ? ["validation/S100%"] : []))
    }

    @Test func subsetsAreStratified() throws {
        let strata = [1, 2, 3, 4]
        let counts = strata.map { _ in 400 }  // 320 training positions: 1.25% is 4, exactly
        let split = try Split()
        for selection in try split.selections(strata: strata, counts: counts)
        where selection.stratum == nil {
            let members = try Self.members(selection, split, strata, counts)
            #expect(
                Set(
                    strata.indices.map { ordinal in members.filter { $0.stratum == ordinal }.count }
                ).count == 1)
        }
    }

    /// What was published stays: the same ranks name the same samples after any growth.
    @Test func growthOnlyAppends() throws {
        let split = try Split(validationEvery: 6, windows: Self.windows(["A", "B"], 10))
        let strata = [2, 5, 9]
        let before = [90, 40, 77]
        let after = [200, 40, 301]
        let sequence = try SampleSequence(counts: before)
        let old = Set(sequence.addresses(in: 0..<sequence.count))
        for selection in try split.selections(strata: strata, counts: before) {
            let was = try Self.members(selection, split, strata, before)
            let now = try Self.members(selection, split, strata, after)
            // Strata that were short of the recorded ranks may fill them; nothing else enters,
            // nothing leaves.
            #expect(now.intersection(old) == was, "\(selection.name)")
        }
        // Where the counts were equal, the recorded ranks name exactly the same samples.
        for selection in try split.selections(strata: strata, counts: [90, 90, 90]) {
            #expect(
                try Self.members(selection, split, strata, [90, 90, 90])
                    == Self.members(selection, split, strata, [500, 91, 333]), "\(selection.name)")
        }
    }

    @Test func windowsAreDisjoint() throws {
        let split = try Split(windows: Self.windows((0..<8).map { "w\($0)" }, 12.5))
        let strata = [1, 2]
        let counts = [1000, 300]
        let windows = try split.selections(strata: strata, counts: counts).filter {
            $0.name.contains("-w")
        }
        #expect(windows.count == 8)
        let sets = try windows.map { try Self.members($0, split, strata, counts) }
        #expect(sets.reduce(0) { $0 + $1.count } == sets.reduce(Set()) { $0.union($1) }.count)
        #expect(sets.reduce(0) { $0 + $1.count } == 800 + 240)
        #expect(windows.map(\.samples) == sets.map(\.count))
    }

    @Test func impossibleSelectionsAreRefused() throws {
        let nine = try Split(windows: Self.windows((0..<9).map { "w\($0)" }, 12.5))
        let error = #expect(throws: SamplingError.self) {
            try nine.selections(strata: [1], counts: [1000])
        }
        #expect(error?.code == .split)
        #expect(error?.message.contains("8 windows of 100 fit") == true)
        #expect(throws: SamplingError.self) { try nine.selections(strata: [1], counts: [0]) }
        let split = try Split()
        for (strata, counts) in [([1, 2], [5]), ([2, 1], [5, 5]), ([0], [5]), ([1], [-5])] {
            let error = #expect(throws: SamplingError.self) {
                try split.selections(strata: strata, counts: counts)
            }
            #expect(error?.code == .design)
        }
        for address in [SampleAddress(stratum: 0, index: 5), SampleAddress(stratum: 1, index: 0)] {
            let error = #expect(throws: SamplingError.self) {
                try split.selections(strata: [1], counts: [5], leftOut: [address])
            }
            #expect(error?.code == .split)
        }
        #expect(try split.selections(strata: [], counts: []).isEmpty)
    }

    @Test func malformedSelectionsAreRefused() throws {
        let good = try #require(
            Selection(name: "train/n07", part: .train, ranks: 3..<9, stratum: 7, samples: 2).json
                .object)
        for (key, value) in [
            ("name", .null), ("name", nil), ("part", .string("exam")), ("part", nil),
            ("ranks", nil), ("ranks", .array([.number(9), .number(3)])),
            ("ranks", .array([.number(-1), .number(3)])), ("ranks", .array([.number(3)])),
            ("ranks", .array([.number(0.5), .number(3)])), ("samples", .number(-1)),
            ("samples", .number(7)), ("samples", nil), ("stratum", .number(0)),
            ("stratum", .number(1025)), ("stratum", .string("7")), ("extra", .null),
        ] as [(String, JSON?)] {
            var members = good
            members[key] = value
            let error = #expect(throws: SamplingError.self, "\(key)") {
                try Selection(json: .object(members))
            }
            #expect(error?.code == .document)
        }
        for name in [
            "train/..", "train/a/..", "train/", "train", "test/S5%", "/S5%", "train/~", "train/a b",
            "train/\u{0}", "train/é",
        ] {
            var members = good
            members["name"] = .string(name)
            #expect(throws: SamplingError.self, "\(name)") { try Selection(json: .object(members)) }
        }
        #expect(throws: SamplingError.self) { try Selection(json: .string("train")) }
    }
}
