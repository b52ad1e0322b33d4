internal import Datasets
public import Documents
package import Fields
internal import Foundation
internal import Parallel
internal import Sampling

/// How long the rules that go by features take to choose a hundredth of a pool's candidates, where
/// a tenth as many samples are there already, and how long one pair after another would.
///
/// Features are of two kinds: numbers that have nothing to do with each other, the hardest case, as
/// all distances are nearly equal; and what a layer of a network makes of 16 numbers a sample,
/// where most of a pool is near to something.
public struct ChoosingBenchmark {
    /// Features of a sample.
    public static let width = 2048

    /// One rule on features of one kind.
    package struct Row {
        package let rule: String
        package let features: String
        /// Seconds on the wall.
        package let seconds: Double
        /// Seconds that the plain rule would take on one thread: its number of pairs times what a
        /// pair takes; nil of a rule that does not go by pairs.
        package let plain: Double?
        /// Of the numbers of the candidates, in their order, eight bytes each, little-endian: the
        /// same on every machine.
        package let chosen: Digest
    }

    package let rows: [Row]
    package let candidates: Int
    package let threads: Int

    /// Measures a pool of `candidates` candidates on `threads` threads, all cores where it is nil,
    /// each rule once.
    public init(candidates: Int, threads: Int?) throws {
        let threads = threads ?? Cores.usable
        (self.candidates, self.threads) = (candidates, threads)
        let (there, chosen) = (candidates / 10, max(1, candidates / 100))
        let pool = try Candidates(
            ids: (0..<candidates).map { SampleID(bits: UInt64($0)) },
            strata: [Int](repeating: 1, count: candidates),
            scores: [Double](repeating: 1, count: candidates))
        var rows: [Row] = []
        for (kind, latent) in [("independent", nil), ("of 16 numbers", 16)] {
            let values = Self.values(rows: candidates + there, latent: latent)
            let pairs = (0..<chosen).reduce(candidates * there) { $0 + candidates - $1 - 1 }
            let plain = Double(pairs) * Self.secondsOfAPair(values)
            let features = try Features(width: Self.width, values: values)
            let rules = [
                (Acquisition(CentreAcquisition([])), plain),
                (Acquisition(ClusterAcquisition([])), plain),
                (Acquisition(BaitAcquisition([])), nil),
            ]
            for (rule, plain) in rules {
                let (elapsed, choices) = try Elapsed.measuring {
                    try rule.choose(
                        chosen, of: pool, features: features, threads: threads, seed: 1, round: 1)
                }
                rows.append(
                    Row(
                        rule: rule.name, features: kind, seconds: elapsed.wall / 1000, plain: plain,
                        chosen: Digest(of: choices.flatMap { $0.candidate.littleEndianBytes }))
                )
            }
        }
        self.rows = rows
    }

    /// Rows of uniform numbers, or of what `max(0, A z)` is for `latent` such numbers z.
    private static func values(rows: Int, latent: Int?) -> [Float] {
        let generator = Philox(seed: 1, stream: 0)
        func draws(_ row: Int, _ count: Int) -> [Float] {
            (0..<(count + 3) / 4).flatMap { four in
                let words = generator(SIMD4(UInt32(row), UInt32(four), 0, 0))
                return (0..<4).map { Float(Int32(bitPattern: words[$0])) * 0x1p-31 }
            }
        }
        guard let latent else { return (0..<rows).flatMap { draws($0, width) } }
        let map = (0..<latent).map { draws(rows + $0, width) }
        return (0..<rows).flatMap { row in
            let numbers = draws(row, latent)
            var made = [Float](repeating: 0, count: width)
            for (number, weights) in zip(numbers, map) {
                for k in 0..<width { made[k] += number * weights[k] }
            }
            return made.map { max(0, $0) }
        }
    }

    /// What the square of one distance takes in double precision, number after number.
    private static func secondsOfAPair(_ values: [Float]) -> Double {
        let rows = min(values.count / width, 1000)
        let (elapsed, _) = Elapsed.fastest(of: 3) {
            let span = values.span
            var least = Double.infinity
            for row in 1..<rows {
                for other in [0, row / 2, rows - 1] {
                    var sum = 0.0
                    for k in 0..<width {
                        let difference =
                            Double(span[row * width + k]) - Double(span[other * width + k])
                        sum += difference * difference
                    }
                    least = min(least, sum)
                }
            }
            return least
        }
        return elapsed.cpu / 1000 / Double(3 * (rows - 1))
    }

    /// The table, for a person.
    public var text: String {
        let head = """
            \(candidates / 100) of \(candidates) candidates, \(candidates / 10) samples there, \
            \(Self.width) features each, \(threads) threads

            | rule | features | s | pair after pair, s | ratio |
            |---|---|---|---|---|

            """
        return rows.reduce(into: head) { text, row in
            text +=
                "| `\(row.rule)` | \(row.features) | "
                + [row.seconds, row.plain, row.plain.map { $0 / row.seconds }].map {
                    $0.map { String(format: "%.3g", $0) } ?? ""
                }.joined(separator: " | ") + " |\n"
        }
    }

    /// The same, for machines.
    public var json: JSON {
        .object([
            "format": .string("steadyset-choosing"), "version": .integer(1),
            "steadyset": .string(Release.version), "candidates": .integer(candidates),
            "there": .integer(candidates / 10), "chosen": .integer(max(1, candidates / 100)),
            "features": .integer(Self.width), "threads": .integer(threads),
            "rows": .array(
                rows.map {
                    .object([
                        "acquisition": .string($0.rule), "features": .string($0.features),
                        "seconds": .number($0.seconds),
                        "plain_seconds": $0.plain.map { .number($0) } ?? .null,
                        "chosen_sha256": .string($0.chosen.description),
                    ])
                }),
        ])
    }
}
