import Fields
import Sampling
import Testing

/// `bait` takes what leaves a linear model least uncertain about the pool.
@Suite struct BaitTests {
    private struct Random {
        var state: UInt64

        /// Between -1 and 1.
        mutating func unit() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-52 - 1
        }

        mutating func below(_ count: Int) -> Int { Int((unit() + 1) / 2 * Double(count)) }
    }

    /// The rule by its definition: the mean variance of the pool by Gauss's elimination, anew for
    /// every set that is looked at.
    private struct Plain {
        let width: Int
        let rows: [[Double]]
        let count: Int
        let ridge: Double

        init(width: Int, values: [Float], count: Int) {
            self.width = width
            self.count = count
            rows = stride(from: 0, to: values.count, by: width).map {
                values[$0..<$0 + width].map(Double.init)
            }
            // The rule scales lengths so that their mean square is 1.
            ridge = 0x1p-20 * values.reduce(0) { $0 + Double($1) * Double($1) } / Double(rows.count)
        }

        /// The mean over the pool of φᵀ(ridge·I + Σ φφᵀ)⁻¹φ, of which the sum goes over `known`.
        func variance(_ known: [Int]) -> Double {
            var matrix = (0..<width).map { i in
                (0..<width).map { j in
                    (i == j ? ridge : 0) + known.reduce(0) { $0 + rows[$1][i] * rows[$1][j] }
                }
            }
            // Columns to the right: the rows of the pool.
            for i in 0..<width { matrix[i] += (0..<count).map { rows[$0][i] } }
            for pivot in 0..<width {
                for i in 0..<width where i != pivot {
                    let factor = matrix[i][pivot] / matrix[pivot][pivot]
                    for j in pivot..<width + count { matrix[i][j] -= factor * matrix[pivot][j] }
                }
            }
            return (0..<count).reduce(0) { sum, row in
                sum
                    + (0..<width).reduce(0) {
                        $0 + rows[row][$1] * matrix[$1][width + row] / matrix[$1][$1]
                    }
            } / Double(count)
        }

        /// The variances of all sets that a step may end with; the place of the smallest.
        private func step(_ sets: [[Int]]) -> (place: Int, isClear: Bool) {
            let there = Array(count..<rows.count)
            let variances = sets.map { variance(there + $0) }
            let order = variances.indices.sorted { variances[$0] < variances[$1] }
            let isClear =
                order.count < 2 || variances[order[1]] > variances[order[0]] * (1 + 1e-6)
            return (order[0], isClear)
        }

        /// Chooses `number` rows of the pool; nil where two sets are too near to each other to say
        /// which one is better.
        func choose(_ number: Int) -> [Int]? {
            var taken: [Int] = []
            for _ in 0..<min(2 * number, count) {
                let left = (0..<count).filter { !taken.contains($0) }
                let best = step(left.map { taken + [$0] })
                guard best.isClear else { return nil }
                taken.append(left[best.place])
            }
            while taken.count > number {
                let least = step(
                    taken.indices.map { left in taken.filter { $0 != taken[left] } })
                guard least.isClear else { return nil }
                taken.remove(at: least.place)
            }
            return taken
        }
    }

    private func pool(_ count: Int) throws -> Candidates {
        try Candidates(
            ids: (0..<count).map { SampleID(bits: UInt64($0)) },
            strata: [Int](repeating: 1, count: count), scores: [Double](repeating: 1, count: count))
    }

    private func choose(_ number: Int, of count: Int, width: Int, _ values: [Float]) throws -> [Int]
    {
        try Acquisition(BaitAcquisition([])).choose(
            number, of: pool(count), features: Features(width: width, values: values), seed: 1,
            round: 1
        ).map(\.candidate)
    }

    @Test func choicesAreThoseOfTheDefinition() throws {
        var compared = 0
        for problem in 0..<120 {
            var random = Random(state: UInt64(problem))
            for _ in 0..<9 { _ = random.unit() }
            let (count, there) = (3 + random.below(9), random.below(7))
            let width = 1 + random.below(6)
            let values = (0..<(count + there) * width).map { _ in
                Float(random.unit() * (random.below(4) == 0 ? 8 : 1))
            }
            let number = 1 + random.below(min(4, count))
            guard let plain = Plain(width: width, values: values, count: count).choose(number)
            else { continue }
            compared += 1
            #expect(
                try choose(number, of: count, width: width, values) == plain, "problem \(problem)")
        }
        #expect(compared > 60)
    }

    /// Equal rows: the first one is taken, and a second one only after all that differ.
    @Test func equalRowsTellNothingNew() throws {
        var values: [Float] = []
        for row in 0..<12 { values += (0..<4).map { $0 == row % 4 ? 1 : 0 } }
        let chosen = try choose(4, of: 12, width: 4, values)
        #expect(Set(chosen.map { $0 % 4 }) == [0, 1, 2, 3])
        #expect(try choose(0, of: 12, width: 4, values).isEmpty)
        #expect(Set(try choose(12, of: 12, width: 4, values)) == Set(0..<12))
    }

    /// A kind that the pool has much of comes before one that it has little of, and what is known
    /// is left out.
    @Test func whatThePoolIsFullOfComesFirst() throws {
        var values: [Float] = []
        for row in 0..<20 { values += row < 3 ? [1, 0, 0] : row < 10 ? [0, 1, 0] : [0, 0, 1] }
        #expect(try choose(1, of: 20, width: 3, values).allSatisfy { $0 >= 10 })
        values += [0, 0, 1]
        #expect(try choose(1, of: 20, width: 3, values).allSatisfy { (3..<10).contains($0) })
    }

    /// Rows of nothing, and numbers of every size, are no trouble.
    @Test func extremeRows() throws {
        #expect(try choose(2, of: 5, width: 3, [Float](repeating: 0, count: 15)).count == 2)
        var random = Random(state: 5)
        let values = (0..<40 * 40).map { _ in
            Float(random.unit()) * [1e38, 1e-38, 1, 0][random.below(4)]
        }
        #expect(Set(try choose(30, of: 40, width: 40, values)).count == 30)
    }

    /// Long rows are made short, which costs little of what the choice is for.
    @Test func longRowsAreMadeShort() throws {
        let (count, width, kinds, number) = (300, 600, 12, 12)
        var random = Random(state: 11)
        let directions = (0..<kinds).map { _ in (0..<width).map { _ in random.unit() } }
        var values: [Float] = []
        for row in 0..<count {
            // A third of the kinds is rare.
            let kind = row % 10 == 0 ? 8 + row / 10 % 4 : row % 8
            values += directions[kind].map { Float($0 + 0.02 * random.unit()) }
        }
        let chosen = try choose(number, of: count, width: width, values)
        let kindsOf = Set(chosen.map { $0 % 10 == 0 ? 8 + $0 / 10 % 4 : $0 % 8 })
        #expect(kindsOf == Set(0..<kinds))
    }
}
