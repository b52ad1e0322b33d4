/// What solves the tridiagonal systems of all rows or all columns of a level (Thomas' algorithm),
/// for block relaxation.
///
/// Along a ring the system has two corner entries −a as well. A = T − |a| z zᵀ, with z one at the
/// first point and the sign of a at the last, and |a| added to both end diagonals of T; the
/// Sherman–Morrison formula adds t q to what T alone gives, y, with q = T⁻¹z and t = |a| zᵀy / (1 −
/// |a| zᵀq). T is positive definite, being A and something that is not negative.
package final class LineFactors {
    /// Inverse pivots.
    let pivots: SplitPlane<Float>
    /// q, where lines are rings.
    let loops: SplitPlane<Float>
    /// |a| / (1 − |a| zᵀq) of each line.
    var loopFactors: [Float] = []
    /// The sign of a of each line.
    var loopSigns: [Float] = []
    let isRing: Bool
    let rows: Int
    let columns: Int
    /// One line for what closes rings.
    let ends: Plane<Float>
    /// A row of zeros.
    let zeros: Plane<Float>

    init(rows: Int, columns: Int, isRing: Bool) {
        self.rows = rows
        self.columns = columns
        self.isRing = isRing
        pivots = SplitPlane(rows: rows, columns: columns)
        loops = SplitPlane(rows: isRing ? rows : 0, columns: isRing ? columns : 0)
        ends = Plane(rows: 1, columns: columns / 2 + 1)
        zeros = Plane(rows: 1, columns: columns / 2 + 1)
    }

    /// Factorises the rows of an operator. O(points) time.
    func factoriseRows(_ matrix: SymmetricOperator<Double>) {
        loopFactors = [Float](repeating: 0, count: rows)
        loopSigns = [Float](repeating: 1, count: rows)
        var inverses = [Double](repeating: 0, count: columns)
        var loop = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            let corner = isRing ? matrix.east[row, columns - 1].magnitude : 0
            let sign: Double = isRing && matrix.east[row, columns - 1] < 0 ? -1 : 1
            var previous = 0.0
            for column in 0..<columns {
                var center = matrix.diagonal[row, column]
                if column == 0 || column == columns - 1 { center += corner }
                if column > 0 {
                    let coupling = matrix.east[row, column - 1]
                    center -= coupling * coupling * previous
                }
                previous = 1 / center
                inverses[column] = previous
                pivots[row, column] = Float(previous)
            }
            guard isRing else { continue }
            for column in 0..<columns {
                let carried = column > 0 ? matrix.east[row, column - 1] * loop[column - 1] : 0
                loop[column] =
                    inverses[column]
                    * (carried + (column == 0 ? 1 : column == columns - 1 ? sign : 0))
            }
            for column in (0..<columns - 1).reversed() {
                loop[column] += inverses[column] * matrix.east[row, column] * loop[column + 1]
            }
            for column in 0..<columns { loops[row, column] = Float(loop[column]) }
            loopSigns[row] = Float(sign)
            loopFactors[row] = LineFactors.factor(corner, loop[0] + sign * loop[columns - 1])
        }
    }

    /// Factorises the columns of an operator. O(points) time.
    func factoriseColumns(_ matrix: SymmetricOperator<Double>) {
        loopFactors = [Float](repeating: 0, count: columns)
        loopSigns = [Float](repeating: 1, count: columns)
        let inverses = Plane<Double>(rows: isRing ? rows : 2, columns: columns / 2 + 1)
        let loop = Plane<Double>(rows: isRing ? rows : 0, columns: columns / 2 + 1)
        for half in 0...1 {
            let count = pivots.count(half)
            for row in 0..<rows {
                let out = inverses[isRing ? row : row & 1]
                let previous = inverses[isRing ? max(row - 1, 0) : (row + 1) & 1]
                let (diagonal, coupling) = (
                    matrix.diagonal[half: half, row], matrix.south[half: half, row &- 1]
                )
                let corner = matrix.south[half: half, rows &- 1]
                let isFirst: Double = row == 0 ? 0 : 1
                let isEnd: Double = isRing && (row == 0 || row == rows - 1) ? 1 : 0
                let pivot = pivots[half: half, row]
                for k in 0..<count {
                    let eliminated =
                        row == 0 ? 0 : isFirst * (coupling[k] * coupling[k]) * previous[k]
                    out[k] = 1 / ((diagonal[k] + isEnd * corner[k].magnitude) - eliminated)
                    pivot[k] = Float(out[k])
                }
                guard isRing else { continue }
                let (q, before) = (loop[row], loop[row - 1])
                for k in 0..<count {
                    let end = row == rows - 1 && corner[k] < 0 ? -isEnd : isEnd
                    q[k] = out[k] * ((row == 0 ? 0 : coupling[k] * before[k]) + end)
                }
            }
            guard isRing else { continue }
            for row in (0..<rows).reversed() {
                let (q, after, inverse) = (loop[row], loop[row + 1], inverses[row])
                let (coupling, out) = (matrix.south[half: half, row], loops[half: half, row])
                for k in 0..<count {
                    if row < rows - 1 { q[k] += inverse[k] * (coupling[k] * after[k]) }
                    out[k] = Float(q[k])
                }
            }
            let corner = matrix.south[half: half, rows - 1]
            for k in 0..<count {
                let sign: Double = corner[k] < 0 ? -1 : 1
                loopSigns[2 * k + half] = Float(sign)
                loopFactors[2 * k + half] = LineFactors.factor(
                    corner[k].magnitude, loop[0][k] + sign * loop[rows - 1][k])
            }
        }
    }

    /// |a| / (1 − |a| zᵀq); the operator is positive definite, so rounding alone can bring the
    /// denominator to zero.
    private static func factor(_ corner: Double, _ ends: Double) -> Float {
        Float(corner / max(1 - corner * ends, 1e-12))
    }
}
