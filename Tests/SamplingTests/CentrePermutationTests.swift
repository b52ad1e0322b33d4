import Fields
import Sampling
import Testing

@Suite struct CentrePermutationTests {
    @Test(arguments: [
        1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 100, 255, 257, 1000, 4095, 4097, 252_004,
    ]) func everyDomainIsPermuted(count: Int) {
        for seed in 0..<(count > 5000 ? 1 : 5) as Range<UInt32> {
            let permutation = CentrePermutation(count: count, philox: Philox(seed: seed, stream: 1))
            var seen = [Bool](repeating: false, count: count)
            for element in 0..<count {
                let image = permutation(element)
                #expect(!seen[image], "seed \(seed): \(image) occurs twice")
                seen[image] = true
            }
        }
    }

    @Test func imagesEqualTheGoldenOnes() throws {
        for line in goldenPermutations.split(separator: "\n") {
            let numbers = try line.split(separator: " ").map { try #require(Int($0)) }
            let permutation = CentrePermutation(
                count: numbers[0], philox: Philox(seed: UInt32(numbers[1]), stream: 1))
            #expect(
                (0..<numbers.count - 2).map { permutation($0) } == Array(numbers[2...]), "\(line)")
        }
    }

    /// The first images, which become the dataset, are spread evenly, and seeds give unrelated
    /// permutations.
    @Test func imagesLookRandom() {
        let count = 252_004
        let permutation = CentrePermutation(count: count, philox: Philox(seed: 12, stream: 1))
        let other = CentrePermutation(count: count, philox: Philox(seed: 13, stream: 1))
        var bins = [Int](repeating: 0, count: 200)
        var differences = bins
        var equal = 0
        for element in 0..<20_000 {
            let image = permutation(element)
            bins[image * 200 / count] += 1
            differences[(image - permutation(element + 1) + count) % count * 200 / count] += 1
            equal += image == other(element) ? 1 : 0
        }
        #expect(abs(uniformity(bins)) < 4, "seed 12")
        #expect(abs(uniformity(differences)) < 4, "seed 12")
        #expect(equal < 5)
    }

    /// All 24 permutations of four elements occur about equally often over the seeds.
    @Test func smallDomainsSeeAllPermutations() {
        var occurrences: [[Int]: Int] = [:]
        for seed in 0..<6000 as Range<UInt32> {
            let permutation = CentrePermutation(count: 3, philox: Philox(seed: seed, stream: 1))
            occurrences[(0..<3).map { permutation($0) }, default: 0] += 1
        }
        #expect(occurrences.count == 6)
        #expect(occurrences.values.allSatisfy { (700..<1300).contains($0) }, "\(occurrences)")
    }
}
