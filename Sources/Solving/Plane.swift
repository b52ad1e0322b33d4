/// Numbers on a grid, padded so that kernels need no special case at the edge.
///
/// Row i holds columns −`Plane.margin` ..< columns + `Plane.margin` at least, rows −1 and `rows`
/// exist too, and all that padding is zero: the absorbing boundary. Kernels work on whole vectors
/// and may spill into the padding on the right; they restore it with `clearTail`.
@safe package struct Plane<Element: SIMDScalar & BinaryFloatingPoint>: ~Copyable {
    package let rows: Int
    package let columns: Int
    /// Distance between the starts of two rows.
    let stride: Int
    private let storage: UnsafeMutableBufferPointer<Element>
    /// The number at (0, 0).
    private let origin: UnsafeMutablePointer<Element>

    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = Planes.stride(columns: columns)
        // Rows start on cache lines: margin and stride are multiples of 16.
        let capacity = (rows + 2) * stride + 2 * Planes.margin
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: capacity * MemoryLayout<Element>.stride, alignment: 64)
        unsafe storage = bytes.bindMemory(to: Element.self)
        unsafe storage.initialize(repeating: 0)
        unsafe origin = storage.baseAddress.unsafelyUnwrapped + Planes.margin + stride
    }

    deinit { unsafe storage.deallocate() }

    /// Sets every number to zero.
    func clear() { unsafe storage.update(repeating: 0) }

    /// Returns row `row`, from −1 to `rows`.
    @inline(__always) package subscript(row: Int) -> Line<Element> {
        assert(row >= -1 && row <= rows)
        return unsafe Line(start: origin + row &* stride)
    }

    /// The row of (0, 0) as seen from the site at `offset` = row · stride + column: that site has
    /// index 0.
    @inline(__always) subscript(from offset: Int32) -> Line<Element> {
        unsafe Line(start: origin + Int(offset))
    }

    /// The number at `offset` from (0, 0): row · stride + column.
    @inline(__always) subscript(offset offset: Int32) -> Element {
        get { unsafe origin[Int(offset)] }
        nonmutating set { unsafe origin[Int(offset)] = newValue }
    }
}

/// Two planes: one for each colour of a chequered lattice.
package struct ColourPlanes<Element: SIMDScalar & BinaryFloatingPoint>: ~Copyable {
    private let red: Plane<Element>
    private let black: Plane<Element>

    init(rows: Int, columns: Int) {
        red = Plane(rows: rows, columns: columns)
        black = Plane(rows: rows, columns: columns)
    }

    /// Columns of either plane.
    var columns: Int { red.columns }

    /// Sets every number to zero.
    func clear() {
        red.clear()
        black.clear()
    }

    /// Returns row `row` of `colour`, 0 red or 1 black.
    @inline(__always) package subscript(colour: Int, row: Int) -> Line<Element> {
        colour == 0 ? red[row] : black[row]
    }
}

/// The geometry that all planes share.
enum Planes {
    /// Padding on either side of a row; at least the widest vector.
    static let margin = 16

    static func stride(columns: Int) -> Int { (columns + 15) / 16 * 16 + margin }
}
