import Datasets
import Fields
import Sampling
import Testing

@Suite struct CopiesTests {
    private let strata = [1, 3]

    private func sequence() throws -> SampleSequence { try SampleSequence(counts: [3, 3]) }

    private func entry(_ number: Int, sources: Int, index: Int) throws -> SampleCopy {
        SampleCopy(
            id: try Samples.id(number), sources: sources, index: index, original: try Samples.id(1))
    }

    @Test func copiesAreFoundAtTheirPlaces() throws {
        let copies = try Copies(
            [try entry(2, sources: 3, index: 0), try entry(3, sources: 1, index: 2)],
            strata: strata, sequence: try sequence())
        #expect(copies.count == 2)
        #expect(copies.contains(1) && copies.contains(4) && !copies.contains(0))
        #expect(copies.originals[1] == (try Samples.id(1)))
        #expect(copies.firstUnlike(copies) == "")
        #expect(copies.firstUnlike(Copies()).contains(try Samples.id(2).description))
    }

    @Test func aCopyThatIsNoSampleIsRefused() throws {
        for wrong in [
            try entry(2, sources: 2, index: 0), try entry(2, sources: 3, index: 3),
        ] {
            let error = failure {
                _ = try Copies([wrong], strata: strata, sequence: try sequence())
            }
            #expect(error?.kind == .data && error?.sample == wrong.id)
        }
        let twice = [try entry(2, sources: 3, index: 0), try entry(3, sources: 3, index: 0)]
        #expect(
            failure { _ = try Copies(twice, strata: strata, sequence: try sequence()) }?.sample
                == twice[1].id)
    }
}
