package import Fields

/// Which axes of a grid are closed to a ring.
package struct Ring: Hashable, Sendable {
    /// Whether the row below the last one is row 0.
    package let rows: Bool
    /// Whether the column right of the last one is column 0.
    package let columns: Bool

    /// Creates the rings of a lattice with the given boundary.
    package init(_ boundary: Boundary) {
        rows = boundary.top == .periodic
        columns = boundary.left == .periodic
    }
}

/// Numbers on a grid whose even columns are stored apart from the odd ones, so that sweeps over
/// every second column and transfers between levels read memory without gaps.
///
/// Column j is entry j / 2 of the half j & 1. One line of ghost sites surrounds the grid: zero, or,
/// on an axis that is closed to a ring, what `close` copies there from the opposite side.
package struct SplitPlane<Element: SIMDScalar & BinaryFloatingPoint>: ~Copyable {
    /// Number of rows.
    package let rows: Int
    /// Number of columns, of both halves together.
    package let columns: Int
    private let even: Plane<Element>
    private let odd: Plane<Element>

    /// Creates a plane of zeros.
    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        even = Plane(rows: rows, columns: columns / 2 + 1)
        odd = Plane(rows: rows, columns: columns / 2 + 1)
    }

    /// Distance between two rows of a half.
    var stride: Int { even.stride }

    /// Number of columns in a half.
    @inline(__always) func count(_ half: Int) -> Int { (columns &+ 1 &- half) / 2 }

    /// One half of row `row`, from −1 to `rows`.
    @inline(__always) package subscript(half half: Int, row: Int) -> Line<Element> {
        half == 0 ? even[row] : odd[row]
    }

    /// The number at a site or a ghost site.
    @inline(__always) package subscript(row: Int, column: Int) -> Element {
        get { self[half: column & 1, row][column >> 1] }
        nonmutating set { self[half: column & 1, row][column >> 1] = newValue }
    }

    /// Sets every number to zero.
    package func clear() {
        even.clear()
        odd.clear()
    }

    /// Renews the ghost sites on the axes that are closed.
    package func close(_ ring: Ring) {
        for row in 0..<rows { closeColumns(ring, row) }
        guard ring.rows else { return }
        for half in 0...1 {
            for (ghost, row) in [(-1, rows - 1), (rows, 0)] {
                let (from, to) = (self[half: half, row], self[half: half, ghost])
                for k in -1...columns / 2 { to[k] = from[k] }
            }
        }
    }

    /// Renews the ghost sites at the ends of one row.
    @inline(__always) func closeColumns(_ ring: Ring, _ row: Int) {
        guard ring.columns else { return }
        self[row, -1] = self[row, columns &- 1]
        self[row, columns] = self[row, 0]
        // Galerkin products look one column further.
        self[row, columns &+ 1] = self[row, 1]
    }
}
