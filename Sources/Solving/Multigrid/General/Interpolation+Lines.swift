/// Weights for grids whose points couple strongly along one direction.
///
/// Along strong couplings what a coarse grid stands for is smooth, and its interpolation across
/// them should be. Where each point collapses its own row of the operator, weights jump along a
/// line wherever the coefficients beside it do; each jump costs the strong coupling times its
/// square, the coarse operator comes out far too stiff, and its corrections far too small. There
/// all points of a line solve their rows together, with 1 on one of the coarse lines beside it and
/// 0 on the other: of all weights for functions that do not vary along the coarse lines, those of
/// least energy (line interpolation; compare Trottenberg, Oosterlee and Schüller 2001, §7.7.3, and
/// Wan, Chan and Smith 2000, SIAM J. Sci. Comput. 21). Where couplings along the line are weak that
/// is nearly the collapse of each row by itself again.
extension Interpolation {
    /// A line is solved as a whole where the jumps of its weights cost more than this part of the
    /// energy that the weights should have.
    ///
    /// What is held weakly feels much smaller parts of it than 1: of a thousand fibrous media some
    /// took 71 steps at ½, 41 at 1/20 and 28 at 1/50. Media that vary little along strong couplings
    /// keep the weights of each row by itself.
    private static let costliest = 0.02

    /// The row of one point between two coarse lines: couplings to the first and the second, to the
    /// next point along its own line, and the sum along it.
    private struct Row {
        let first: Double
        let second: Double
        let along: Double
        /// At least `first` + `second`; what is above that leads to the ground.
        let center: Double

        @inline(__always) init(center: Double, first: Double, second: Double, along: Double) {
            self.first = max(first, 0)
            self.second = max(second, 0)
            self.center = max(center, self.first + self.second)
            self.along = max(along, 0)
        }

        /// Whether weights of both sides say something: next to obstacles, where the field hardly
        /// is, they lead to zero.
        @inline(__always) var isFree: Bool {
            first > 0 && second > 0 && center <= 2 * (first + second)
        }
    }

    /// The row of the point at (row, column), which lies in a column between coarse ones.
    @inline(__always) private func inColumn(
        _ row: Int, _ column: Int, _ matrix: SymmetricOperator<Double>
    ) -> Row {
        func to(_ down: Int, _ right: Int) -> Double {
            matrix.coupling(row, column, down: down, right: right)
        }
        return Row(
            center: matrix.diagonal[row, column] - (to(-1, 0) + to(1, 0)),
            first: to(0, -1) + (to(-1, -1) + to(1, -1)), second: to(0, 1) + (to(-1, 1) + to(1, 1)),
            along: to(1, 0))
    }

    /// The row of the point at (row, column), which lies in a row between coarse ones.
    @inline(__always) private func inRow(
        _ row: Int, _ column: Int, _ matrix: SymmetricOperator<Double>
    ) -> Row {
        func to(_ down: Int, _ right: Int) -> Double {
            matrix.coupling(row, column, down: down, right: right)
        }
        return Row(
            center: matrix.diagonal[row, column] - (to(0, -1) + to(0, 1)),
            first: to(-1, 0) + (to(-1, -1) + to(-1, 1)), second: to(1, 0) + (to(1, -1) + to(1, 1)),
            along: to(0, 1))
    }

    /// What jumps of collapsed weights along a line cost, beside what the weights should; its
    /// points are added in order.
    private struct Cost {
        private var jumps = 0.0
        private var energy = 0.0
        /// Of the point before; `along` is 0 where there is none.
        private var (share, along) = (0.0, 0.0)

        @inline(__always) mutating func add(_ row: Row) {
            guard row.isFree else {
                along = 0
                return
            }
            let own = row.first / (row.first + row.second)
            let jump = own - share
            jumps += along * (jump * jump)
            energy += row.second * own
            (share, along) = (own, row.along)
        }

        var isTooHigh: Bool { jumps > costliest * energy }
    }

    /// Points between two coarse columns in coarse rows: columns whose weights jump too much are
    /// solved as a whole. Returns whether there was one.
    func smoothColumnLines(_ matrix: SymmetricOperator<Double>) -> Bool {
        func column(_ k: Int) -> Int { 2 * k + 1 - columnAxis.offset }
        var costs = [Cost](repeating: Cost(), count: columnAxis.between)
        for row in 0..<rowAxis.fine {
            for k in costs.indices { costs[k].add(inColumn(row, column(k), matrix)) }
        }
        for k in costs.indices where costs[k].isTooHigh {
            let line = (0..<rowAxis.fine).map { inColumn($0, column(k), matrix) }
            let weights = Interpolation.solve(line, isRing: rowAxis.isRing)
            for row in 0..<rowAxis.coarse {
                let weight = weights[2 * row + rowAxis.offset]
                (left[row][k], right[row][k]) = (Float(weight.x), Float(weight.y))
            }
        }
        return costs.contains(where: \.isTooHigh)
    }

    /// Points between two coarse rows in coarse columns: rows whose weights jump too much are
    /// solved as a whole. Returns whether there was one.
    func smoothRowLines(_ matrix: SymmetricOperator<Double>) -> Bool {
        var isAny = false
        for k in 0..<rowAxis.between {
            let row = 2 * k + 1 - rowAxis.offset
            var cost = Cost()
            for column in 0..<columnAxis.fine { cost.add(inRow(row, column, matrix)) }
            guard cost.isTooHigh else { continue }
            isAny = true
            let line = (0..<columnAxis.fine).map { inRow(row, $0, matrix) }
            let weights = Interpolation.solve(line, isRing: columnAxis.isRing)
            for column in 0..<columnAxis.coarse {
                let weight = weights[2 * column + columnAxis.offset]
                (above[k][column], below[k][column]) = (Float(weight.x), Float(weight.y))
            }
        }
        return isAny
    }

    /// The weights towards the first and the second coarse line of all points of a line: T⁻¹ of the
    /// couplings to each, with T the rows' centers and what couples them along the line (Thomas'
    /// algorithm). T is an M-matrix whose rows sum to at least both couplings, so weights are from
    /// 0 to 1, and so are their sums. A ring is cut between its last point and its first, as
    /// `LineFactors` says.
    private static func solve(_ line: [Row], isRing: Bool) -> [SIMD2<Double>] {
        let last = line.count - 1
        let corner = isRing ? line[last].along : 0
        var inverses = [Double](repeating: 0, count: line.count)
        // To the first, to the second, and what the cut takes away.
        var weights = [SIMD4<Double>](repeating: .zero, count: line.count)
        for (index, row) in line.enumerated() {
            let isEnd = index == 0 || index == last
            let before = index > 0 ? line[index - 1].along : 0
            var pivot =
                row.center + (before + (index < last ? row.along : 0)) + (isEnd ? 2 * corner : 0)
            var sum = SIMD4(row.first, row.second, isEnd ? 1 : 0, 0)
            if index > 0 {
                pivot -= before * before * inverses[index - 1]
                sum += before * weights[index - 1]
            }
            inverses[index] = 1 / max(pivot, 1e-300)
            weights[index] = inverses[index] * sum
        }
        for index in (0..<last).reversed() {
            weights[index] += (line[index].along * inverses[index]) * weights[index + 1]
        }
        guard corner > 0 else { return weights.map(\.lowHalf) }
        let ends = weights[0] + weights[last]
        let factor = corner / max(1 - corner * ends.z, 1e-12)
        return weights.map { $0.lowHalf + (factor * $0.z) * ends.lowHalf }
    }
}
