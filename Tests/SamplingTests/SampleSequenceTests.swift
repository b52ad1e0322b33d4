import Fields
import Sampling
import Testing

@Suite struct SampleSequenceTests {
    static let counts: [[Int]] = [
        [5], [4, 4, 4], [1, 2, 3], [3, 2, 1], [0, 7, 0, 3, 3], [10, 1, 10, 4, 1], [], [0, 0],
        [2, 100, 2],
    ]

    @Test(arguments: counts) func orderEqualsItsDefinition(counts: [Int]) throws {
        let sequence = try SampleSequence(counts: counts)
        var expected: [SampleAddress] = []
        for index in 0..<(counts.max() ?? 0) {
            for stratum in counts.indices where index < counts[stratum] {
                expected.append(SampleAddress(stratum: stratum, index: index))
            }
        }
        #expect(sequence.count == expected.count)
        #expect((0..<sequence.count).map { sequence[$0] } == expected)
        #expect(expected == expected.sorted())
        #expect(expected.map { sequence.position(of: $0) } == Array(expected.indices))
        for start in 0...expected.count {
            for end in start...expected.count {
                #expect(sequence.addresses(in: start..<end) == Array(expected[start..<end]))
            }
        }
        #expect(sequence.position(of: SampleAddress(stratum: 0, index: counts.first ?? 0)) == nil)
        #expect(sequence.position(of: SampleAddress(stratum: counts.count, index: 0)) == nil)
    }

    @Test func hugeSequencesAreCheap() throws {
        let most = SampleSequence.maximumCount
        let sequence = try SampleSequence(counts: (0..<1024).map { most - $0 })
        let middle = sequence.count / 2
        #expect(sequence.position(of: sequence[middle]) == middle)
        #expect(sequence[sequence.count - 1] == SampleAddress(stratum: 0, index: most - 1))
        #expect(
            sequence.addresses(in: middle..<middle + 3).map { sequence.position(of: $0) } == [
                middle, middle + 1, middle + 2,
            ])
    }

    @Test func impossibleCountsAreRefused() {
        for counts in [
            [-1], [1, SampleSequence.maximumCount + 1], [.max, .max],
            Array(repeating: 1, count: 1025),
        ] {
            let error = #expect(throws: SamplingError.self) { try SampleSequence(counts: counts) }
            #expect(error?.code == .design)
        }
    }
}
