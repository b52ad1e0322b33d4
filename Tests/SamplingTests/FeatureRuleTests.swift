import Fields
import Sampling
import Testing

/// Rules that go by distances choose what one pair after another would choose.
@Suite struct FeatureRuleTests {
    private static let rules = [
        Acquisition(ClusterAcquisition([])), Acquisition(CentreAcquisition([])),
        Acquisition(BaitAcquisition([])),
    ]

    private struct Random {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

        /// Between -1 and 1.
        mutating func unit() -> Float { Float(Double(next() >> 11) * 0x1p-52 - 1) }
    }

    /// The rules in their plain form.
    private struct Plain {
        let width: Int
        let values: [Float]

        func square(_ a: Int, _ b: Int) -> Double {
            var sum = 0.0
            for k in 0..<width {
                let difference = Double(values[a * width + k]) - Double(values[b * width + k])
                sum += difference * difference
            }
            return sum
        }

        func nearestToMean(_ count: Int) -> Int {
            var mean = [Double](repeating: 0, count: width)
            for member in 0..<count {
                for k in 0..<width { mean[k] += Double(values[member * width + k]) }
            }
            let squares = (0..<count).map { member in
                (0..<width).reduce(0.0) { sum, k in
                    let difference = Double(values[member * width + k]) - mean[k] / Double(count)
                    return sum + difference * difference
                }
            }
            return squares.indices.min { (squares[$0], $0) < (squares[$1], $1) } ?? 0
        }

        /// Chooses `number` of the first `count` rows; the others are there.
        func choose(_ number: Int, of count: Int, byClusters: Bool) -> [Int] {
            var squares = [Double](repeating: .infinity, count: count)
            var nearest = [Int](repeating: -1, count: count)
            var left = Array(0..<count)
            func approach(_ centre: Int) {
                for place in left {
                    let square = square(place, centre)
                    if square < squares[place] {
                        (squares[place], nearest[place]) = (square, centre)
                    }
                }
            }
            func next() -> Int {
                if nearest.allSatisfy({ $0 < 0 }) { return nearestToMean(count) }
                var among = left
                if byClusters {
                    var sums: [Int: Double] = [:]
                    for place in left { sums[nearest[place], default: 0] += squares[place] }
                    let largest = sums.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
                    among.removeAll { nearest[$0] != largest }
                }
                return among.max { (squares[$0], -$0) < (squares[$1], -$1) } ?? 0
            }
            for centre in count..<values.count / width { approach(centre) }
            return (0..<number).map { _ in
                let place = next()
                left.removeAll { $0 == place }
                approach(place)
                return place
            }
        }
    }

    private enum Kind: CaseIterable {
        case even, digits, onAPlateau, twoValues, longRows, hugeAndTiny, copies

        func value(_ random: inout Random) -> Float {
            switch self {
            case .even, .copies: random.unit()
            case .digits: Float(random.below(3))
            case .onAPlateau: 1000 + Float(random.below(2)) * 0x1p-10
            case .twoValues: Float(random.below(2)) * 1e-6 + Float(random.below(2)) * 1e5
            case .longRows: random.unit() * (random.below(50) == 0 ? 1e18 : 1)
            case .hugeAndTiny: random.unit() * (random.below(20) == 0 ? 1e38 : 1e-38)
            }
        }
    }

    /// 1,000 random problems for each rule: numbers of every size, equal rows, equal distances, one
    /// block of centres and several, nothing there.
    @Test(arguments: 0..<1000)
    func choicesAreThoseOfThePlainRule(_ problem: Int) throws {
        var random = Random(state: UInt64(problem))
        let kind = Kind.allCases[problem % Kind.allCases.count]
        let count = 2 + random.below(problem % 25 == 0 ? 600 : 50)
        let there = problem % 5 == 0 ? 0 : random.below(problem % 32 == 1 ? 700 : 20)
        let width = 1 + random.below(40)
        var values: [Float] = []
        for row in 0..<count + there {
            if row > 0, random.below(kind == .copies ? 2 : 5) == 0 {
                let other = random.below(row)
                values += values[other * width..<(other + 1) * width]
            } else {
                for _ in 0..<width { values.append(kind.value(&random)) }
            }
        }
        let candidates = try Candidates(
            ids: (0..<count).map { SampleID(bits: UInt64($0)) },
            strata: [Int](repeating: 1, count: count), scores: [Double](repeating: 1, count: count))
        let features = try Features(width: width, values: values)
        let number = 1 + random.below(min(count, 60))
        for byClusters in [false, true] {
            let rule =
                byClusters
                ? Acquisition(ClusterAcquisition([])) : Acquisition(CentreAcquisition([]))
            let plain = Plain(width: width, values: values).choose(
                number, of: count, byClusters: byClusters)
            let chosen = try rule.choose(
                number, of: candidates, features: features, threads: 1 + problem % 2, seed: 1,
                round: 1)
            #expect(chosen.map(\.candidate) == plain, "\(rule.name), \(kind)")
        }
    }

    /// As many rows as it takes for several threads to multiply.
    @Test func threadsDoNotMatter() throws {
        var random = Random(state: 3)
        let (count, there, width) = (1400, 300, 24)
        let features = try Features(
            width: width, values: (0..<(count + there) * width).map { _ in random.unit() })
        let candidates = try Candidates(
            ids: (0..<count).map { SampleID(bits: UInt64($0)) },
            strata: [Int](repeating: 1, count: count), scores: [Double](repeating: 1, count: count))
        for rule in Self.rules {
            let chosen = try [1, 2, 5].map {
                try rule.choose(
                    100, of: candidates, features: features, threads: $0, seed: 1, round: 1)
            }
            #expect(chosen[1] == chosen[0] && chosen[2] == chosen[0])
        }
    }

    /// A file that becomes shorter while it is read is an error, whatever thread finds it.
    @Test(arguments: [1, 2]) func whatCannotBeReadIsAnError(_ threads: Int) throws {
        struct Broken: FeatureStore {
            let width = 2

            func copy(_ row: Int, into values: inout [Float], at start: Int) throws(SamplingError) {
                guard row < 1500 else { throw SamplingError(.unreadable, "gone") }
                values[start] = Float(row)
            }
        }
        let candidates = try Candidates(
            ids: (0..<1400).map { SampleID(bits: UInt64($0)) },
            strata: [Int](repeating: 1, count: 1400), scores: [Double](repeating: 1, count: 1400))
        let features = Features(Broken(), rows: Array(0..<1600))
        for rule in Self.rules {
            #expect(throws: SamplingError(.unreadable, "gone")) {
                try rule.choose(
                    3, of: candidates, features: features, threads: threads, seed: 1, round: 1)
            }
        }
    }
}
