import Datasets
import Sampling
import Testing

@Suite struct PartCutTests {
    /// Every combination of periods, sizes and counts of strata, equal or not.
    private static let cases: [(test: Int?, validation: Int?, size: Int, counts: [Int])] =
        [nil, 2, 5].flatMap { test in
            [nil, 3].flatMap { validation in
                [1, 7, 100].flatMap { size in
                    [[12], [10, 10, 10], [0, 9, 30], [40, 1, 7, 7]].map {
                        (test, validation, size, $0)
                    }
                }
            }
        }

    @Test(arguments: cases.indices)
    func everySampleIsInOnePart(_ number: Int) throws {
        let setting = PartCutTests.cases[number]
        let split = try Split(
            testEvery: setting.test, validationEvery: setting.validation, subsets: [100])
        let cut = PartCut(split, size: setting.size)
        let sequence = try SampleSequence(counts: setting.counts)
        let places = try cut.places(setting.counts)
        #expect(places.count <= cut.bound(setting.counts))
        var seen: Set<SampleAddress> = []
        for place in places {
            let addresses = cut.addresses(place, setting.counts)
            #expect(addresses.count == place.count && place.count > 0)
            #expect(addresses.first.flatMap(sequence.position) == place.first)
            var last = place.ranks.lowerBound - 1
            for address in addresses {
                let (part, rank) = split.rank(of: address, strata: setting.counts.count)
                #expect(part == place.part && place.ranks.contains(rank) && rank > last)
                #expect(seen.insert(address).inserted)
                // As many of the part come before it as have smaller ranks.
                let before = cut.count(
                    of: part, place.ranks.lowerBound..<rank, setting.counts)
                #expect(addresses[before] == address)
                last = rank
            }
        }
        #expect(seen.count == sequence.count)
        #expect(zip(places, places.dropFirst()).allSatisfy { $0.first < $1.first })
    }

    @Test func growthKeepsPartsAndTheirNumbers() throws {
        let cut = PartCut(try Split(testEvery: 5, validationEvery: 4), size: 6)
        let small = try cut.places([20, 20, 20])
        let large = try cut.places([33, 33, 33])
        #expect(large.count > small.count)
        for (old, new) in zip(small, large) {
            #expect(old.part == new.part && old.ranks == new.ranks && old.first == new.first)
            #expect(new.count == 6 || new.count >= old.count)
        }
    }

    @Test func withoutASplitItIsTheOrderOfAllSamples() throws {
        let places = try PartCut(size: 7).places([10, 10])
        #expect(places.map(\.first) == [0, 7, 14] && places.map(\.count) == [7, 7, 6])
        #expect(places.allSatisfy { $0.part == .train })
    }

    @Test func subsetsAreOfNoAccount() throws {
        let one = PartCut(try Split(testEvery: 5, subsets: [100]), size: 4)
        let other = PartCut(try Split(testEvery: 5, subsets: [50, 100]), size: 4)
        #expect(one == other && Set([one, other]).count == 1)
        #expect(one != PartCut(try Split(testEvery: 6), size: 4))
        #expect(one != PartCut(try Split(testEvery: 5), size: 5))
    }
}
