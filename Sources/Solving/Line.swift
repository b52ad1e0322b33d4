/// One row of a plane.
///
/// Access is not bounds-checked: a line lives inside a kernel, which stays within the row and its
/// padding, and its plane outlives it.
@safe package struct Line<Element: SIMDScalar & BinaryFloatingPoint> {
    private let start: UnsafeMutablePointer<Element>

    @inline(__always) init(start: UnsafeMutablePointer<Element>) { unsafe self.start = start }

    @inline(__always) package subscript(column: Int) -> Element {
        get { unsafe start[column] }
        nonmutating set { unsafe start[column] = newValue }
    }

    /// The line as seen from `column`: that site has index 0.
    @inline(__always) func advanced(by column: Int) -> Line { unsafe Line(start: start + column) }

    /// Zeroes what a vector kernel spilled beyond column `count`.
    @inline(__always) func clearTail(from count: Int) {
        var column = count
        while column & 15 != 0 {
            self[column] = 0
            column &+= 1
        }
    }

    @inline(__always) func load4(_ column: Int) -> SIMD4<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD4<Element>.self)
    }

    @inline(__always) func load8(_ column: Int) -> SIMD8<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD8<Element>.self)
    }

    @inline(__always) func load16(_ column: Int) -> SIMD16<Element> {
        unsafe UnsafeRawPointer(start + column).loadUnaligned(as: SIMD16<Element>.self)
    }

    @inline(__always) func store8(_ value: SIMD8<Element>, _ column: Int) {
        unsafe UnsafeMutableRawPointer(start + column).storeBytes(
            of: value, as: SIMD8<Element>.self)
    }

    @inline(__always) func store4(_ value: SIMD4<Element>, _ column: Int) {
        unsafe UnsafeMutableRawPointer(start + column).storeBytes(
            of: value, as: SIMD4<Element>.self)
    }

    @inline(__always) func store16(_ value: SIMD16<Element>, _ column: Int) {
        unsafe UnsafeMutableRawPointer(start + column).storeBytes(
            of: value, as: SIMD16<Element>.self)
    }
}

/// How kernels walk over a row.
///
/// They are plain loops that the compiler turns into vector code of whatever width the machine has:
/// vectors written by hand came out with shuffles in place of unaligned loads, at twice the
/// instructions. No sum depends on the width.
enum Columns {
    /// Calls `body` with each column below `count` rounded up to a multiple of 16 (or of
    /// `multiple`), so that no loop needs a remainder: up to 15 columns are spilled into the
    /// padding of a row, which `clearTail` restores.
    @inline(__always) static func each(_ count: Int, multiple: Int = 16, _ body: (Int) -> Void) {
        let end = (count &+ multiple &- 1) & ~(multiple &- 1)
        var column = 0
        while column < end {
            body(column)
            column &+= 1
        }
    }
}

extension Columns {
    /// Calls `body` with every eighth column below `count`, for loops over whole vectors where so
    /// many lines take part that the compiler would not prove them apart.
    @inline(__always) static func eights(_ count: Int, _ body: (Int) -> Void) {
        var column = 0
        while column < count {
            body(column)
            column &+= 8
        }
    }
}

extension SIMD16 {
    /// The vector with `even` in lanes 0, 2, … and `odd` in lanes 1, 3, ….
    @inline(__always) init(interleaving even: SIMD8<Scalar>, _ odd: SIMD8<Scalar>) {
        self.init()
        evenHalf = even
        oddHalf = odd
    }
}

extension Float {
    /// The bits of the magnitude. They order as magnitudes do, infinity last and NaN after it, and
    /// a maximum of integers is a vector operation, which a maximum of floating-point numbers is
    /// not for the sake of NaN.
    @inline(__always) var magnitudeBits: Int32 { Int32(bitPattern: bitPattern & 0x7FFF_FFFF) }
}

extension Double {
    /// The bits of the magnitude, as of `Float`.
    @inline(__always) var magnitudeBits: Int64 {
        Int64(bitPattern: bitPattern & 0x7FFF_FFFF_FFFF_FFFF)
    }

    /// The magnitude that has these bits.
    @inline(__always) init(magnitudeBits: Int64) {
        self.init(bitPattern: UInt64(bitPattern: magnitudeBits))
    }
}
