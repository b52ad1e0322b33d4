/// Passes over the rows of a grid, each of which needs the one before to be done on the row itself
/// and on its two neighbours: all of them go down the grid together, one row apart, so that a row
/// is read from memory once.
enum Wavefront {
    /// Calls `body` with a stage, a row and its place in the grid, for every stage and row, in such
    /// an order.
    ///
    /// Where rows are a ring, stage s begins with row s − 1 and ends a whole turn later: rows from
    /// −1 on, and beyond the last one, stand for those on the other side, where their place is.
    @inline(__always) static func run(
        rows: Int, isRing: Bool, stages: Int,
        _ body: (_ stage: Int, _ row: Int, _ place: Int) -> Void
    ) {
        for step in (isRing ? -1 : 0)..<rows &+ 2 &* stages {
            for stage in 0..<stages {
                let (row, first) = (step &- stage, isRing ? stage &- 1 : 0)
                if row >= first, row < first &+ rows {
                    body(stage, row, row < 0 ? row &+ rows : row < rows ? row : row &- rows)
                }
            }
        }
    }

    /// The places of the rows above and below: those on the other side on a ring, else ghosts.
    @inline(__always) static func neighbours(of place: Int, rows: Int, isRing: Bool) -> (
        north: Int, south: Int
    ) {
        (
            isRing && place == 0 ? rows &- 1 : place &- 1,
            isRing && place == rows &- 1 ? 0 : place &+ 1
        )
    }
}
