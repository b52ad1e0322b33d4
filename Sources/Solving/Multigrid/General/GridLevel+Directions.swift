/// Which smoother suits an operator.
extension GridLevel {
    /// A coupling that is stronger than the one across it by this factor calls for lines along it:
    /// point relaxation would leave most of the error that is smooth along strong couplings alone
    /// (Trottenberg, Oosterlee and Schüller 2001, §5.1).
    private static let strong = 3.0
    /// The number of points where that may be so without lines. Each may leave conjugate gradients
    /// an error of its own to find; a region of one part in a hundred of the lattice took them 80
    /// steps.
    private static let most = 12

    /// Whether couplings along rows, and along columns, are much stronger than those across at more
    /// than a few points.
    func directions(_ matrix: SymmetricOperator<Double>) -> (rows: Bool, columns: Bool) {
        var alongRows = 0
        var alongColumns = 0
        for row in 0..<rows {
            for half in 0...1 {
                let (other, left, right) = (1 - half, half - 1, half)
                let diagonal = matrix.diagonal[half: half, row]
                let (toNorth, toSouth) = (
                    matrix.south[half: half, row - 1], matrix.south[half: half, row]
                )
                let (toWest, toEast) = (
                    matrix.east[half: other, row].advanced(by: left), matrix.east[half: half, row]
                )
                if matrix.hasDiagonals {
                    let northWest = matrix.southEast[half: other, row - 1].advanced(by: left)
                    let northEast = matrix.southWest[half: other, row - 1].advanced(by: right)
                    let (southWest, southEast) = (
                        matrix.southWest[half: half, row], matrix.southEast[half: half, row]
                    )
                    for k in 0..<value.count(half) {
                        let corners = (northWest[k] + northEast[k]) + (southWest[k] + southEast[k])
                        let horizontal = (toWest[k] + toEast[k]) + corners
                        let vertical = (toNorth[k] + toSouth[k]) + corners
                        let floor = 0.05 * diagonal[k]
                        alongRows +=
                            horizontal > GridLevel.strong * vertical && horizontal > floor ? 1 : 0
                        alongColumns +=
                            vertical > GridLevel.strong * horizontal && vertical > floor ? 1 : 0
                    }
                } else {
                    for k in 0..<value.count(half) {
                        let (horizontal, vertical) = (
                            toWest[k] + toEast[k], toNorth[k] + toSouth[k]
                        )
                        let floor = 0.05 * diagonal[k]
                        alongRows +=
                            horizontal > GridLevel.strong * vertical && horizontal > floor ? 1 : 0
                        alongColumns +=
                            vertical > GridLevel.strong * horizontal && vertical > floor ? 1 : 0
                    }
                }
            }
        }
        return (alongRows > GridLevel.most, alongColumns > GridLevel.most)
    }
}
