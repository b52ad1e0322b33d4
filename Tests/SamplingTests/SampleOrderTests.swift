import Documents
import Sampling
import Testing

@Suite struct SampleOrderTests {
    /// The vectors that the article *Reading* prints.
    @Test func vectorsOfTheDocumentation() {
        let vectors: [(Int, UInt32, UInt32, [Int])] = [
            (10, 0, 0, [4, 7, 9, 8]), (10, 0, 1, [3, 0, 8, 5]), (10, 20_230_206, 0, [4, 7, 2, 0]),
            (400_000, 1, 0, [233_242, 208_488, 85_776, 69_003]),
            (400_000, 1, 2, [156_087, 159_943, 115_942, 15_968]),
            (
                1_099_511_627_689, 7, 3,
                [584_487_680_184, 815_874_641_245, 685_781_283_332, 222_003_079_719]
            ),
        ]
        for (count, seed, epoch, samples) in vectors {
            #expect(
                SampleOrder(count: count, seed: seed).samples(at: 0..<4, epoch: epoch) == samples)
        }
    }

    @Test func everyEpochTakesEverySampleOnce() {
        for epoch in 0..<4 as Range<UInt32> {
            let samples = SampleOrder(count: 97, seed: 5).samples(at: 0..<97, epoch: epoch)
            #expect(samples.sorted() == Array(0..<97), "seed 5, epoch \(epoch)")
        }
        #expect(SampleOrder(count: 1, seed: 5).samples(at: 0..<1, epoch: 9) == [0])
    }
}

@Suite struct SelectionExpressionTests {
    static let selections = [
        Selection(name: "train/S25%", part: .train, ranks: 0..<10, samples: 10),
        Selection(name: "train/S100%", part: .train, ranks: 0..<40, samples: 40),
        Selection(name: "test/S25%", part: .test, ranks: 0..<3, samples: 3),
        Selection(name: "train/S25%-B", part: .train, ranks: 10..<20, samples: 10),
        Selection(name: "test/n02", part: .test, ranks: 0..<10, stratum: 2, samples: 5),
    ]

    @Test func expressionsSelect() throws {
        // Part, rank, number of sources.
        let samples: [(Split.Part, Int, Int)] = [
            (.train, 0, 1), (.train, 9, 2), (.train, 10, 2), (.validation, 0, 2), (.test, 2, 1),
            (.test, 5, 2),
        ]
        let table: [(String, [Int])] = [
            ("S25%", [0, 1]), ("train/S25%", [0, 1]), ("test/S25%", [4]), ("train", [0, 1, 2]),
            ("validation", [3]), ("n02", [1, 2, 3, 5]), ("S25% & n02", [1]),
            ("n01 | test & n2", [0, 4, 5]), ("B25%", [2]), ("S25%-B", [2]), (" test/n02 ", [5]),
            ("S25%&n01|validation", [0, 3]),
        ]
        for (text, numbers) in table {
            let expression = try SelectionExpression(text, among: Self.selections)
            let found = samples.indices.filter {
                expression.contains(
                    part: samples[$0].0, rank: samples[$0].1, sources: samples[$0].2)
            }
            #expect(found == numbers, "\(text)")
        }
    }

    @Test func unknownNamesAreRefused() {
        for text in [
            "", "S7%", "training", "S25% &", "| S25%", "n", "n-1", "nx", "test/S25%-B", "/",
            "S25% S100%",
        ] {
            #expect(throws: SamplingError.self, "\(text)") {
                _ = try SelectionExpression(text, among: Self.selections)
            }
        }
    }
}
