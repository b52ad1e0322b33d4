/// Numbers on a grid, padded so that kernels need no special case at the edge.
///
/// Row i holds columns −`Plane.margin` ..< columns + `Plane.margin` at least, rows −1 and `rows` exist too, and all that
/// padding is zero: the absorbing boundary. Kernels work on whole vectors and may spill into the padding on the right;
/// they restore it with `clearTail`.
@safe struct Plane<Element: SIMDScalar & BinaryFloatingPoint>: ~Copyable {
    let rows: Int
    let columns: Int
    /// Distance between the starts of two rows.
    let stride: Int
    private let storage: UnsafeMutableBufferPointer<Element>

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = Planes.stride(columns: columns)
        unsafe storage = .allocate(capacity: (rows + 2) * stride + 2 * Planes.margin)
        unsafe storage.initialize(repeating: 0)
    }

    deinit { unsafe storage.deallocate() }

    /// Sets every number to zero.
    func clear() { unsafe storage.update(repeating: 0) }

    /// Returns row `row`, from −1 to `rows`.
    @inline(__always)
    subscript(row: Int) -> Line<Element> {
        assert(row >= -1 && row <= rows)
        return unsafe Line(start: storage.baseAddress.unsafelyUnwrapped + Planes.margin + (row + 1) * stride)
    }

    /// The number at `offset` from (0, 0): row · stride + column.
    @inline(__always)
    subscript(offset offset: Int) -> Element {
        get { self[0][offset] }
        nonmutating set { self[0][offset] = newValue }
    }
}

/// Two planes: one for each colour of a chequered lattice.
struct ColourPlanes<Element: SIMDScalar & BinaryFloatingPoint>: ~Copyable {
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
    @inline(__always)
    subscript(colour: Int, row: Int) -> Line<Element> { colour == 0 ? red[row] : black[row] }
}

/// The geometry that all planes share.
enum Planes {
    /// Padding on either side of a row; at least the widest vector.
    static let margin = 16

    static func stride(columns: Int) -> Int { (columns + 15) / 16 * 16 + margin }
}

/// One row of a plane.
///
/// Access is not bounds-checked: a line lives inside a kernel, which stays within the row and its padding, and its plane
/// outlives it.
@safe struct Line<Element: SIMDScalar & BinaryFloatingPoint> {
    private let start: UnsafeMutablePointer<Element>

    @inline(__always)
    init(start: UnsafeMutablePointer<Element>) { unsafe self.start = start }

    @inline(__always)
    subscript(column: Int) -> Element {
        get { unsafe start[column] }
        nonmutating set { unsafe start[column] = newValue }
    }

    /// Zeroes what a vector kernel spilled beyond column `count`.
    @inline(__always)
    func clearTail(from count: Int) {
        var column = count
        while column & 15 != 0 {
            self[column] = 0
            column += 1
        }
    }

    @inline(__always)
    func load4(_ column: Int) -> SIMD4<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD4<Element>.self)
    }

    @inline(__always)
    func load8(_ column: Int) -> SIMD8<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD8<Element>.self)
    }

    @inline(__always)
    func load16(_ column: Int) -> SIMD16<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD16<Element>.self)
    }

    @inline(__always)
    func store8(_ value: SIMD8<Element>, _ column: Int) {
        unsafe UnsafeMutableRawPointer(start + column).storeBytes(of: value, as: SIMD8<Element>.self)
    }

    @inline(__always)
    func store16(_ value: SIMD16<Element>, _ column: Int) {
        unsafe UnsafeMutableRawPointer(start + column).storeBytes(of: value, as: SIMD16<Element>.self)
    }
}

extension SIMD16 {
    /// The vector with `even` in lanes 0, 2, … and `odd` in lanes 1, 3, ….
    @inline(__always)
    init(interleaving even: SIMD8<Scalar>, _ odd: SIMD8<Scalar>) {
        self.init()
        evenHalf = even
        oddHalf = odd
    }
}

extension SIMD8 where Scalar: BinaryFloatingPoint {
    /// The larger of |self| and |other| in each lane, where self is not negative.
    ///
    /// Written lane by lane: the compiler makes one instruction of it, which it does not of the masked forms.
    @inline(__always)
    func largerMagnitude(_ other: SIMD8) -> SIMD8 {
        var result = self
        for lane in 0..<8 {
            let magnitude = other[lane].magnitude
            result[lane] = magnitude > result[lane] ? magnitude : result[lane]
        }
        return result
    }
}
