/// Numbers of a plane, eight rows to a vector; rows up to a multiple of 16 are there and zero.
///
/// It turns columns into rows and back: what is written as vectors of eight columns is read as
/// vectors of eight rows. Access is not bounds-checked: rows are below `rows`, columns below
/// `columns`.
@safe final class RowLanes {
    /// A number of each of eight rows.
    typealias Lanes = SIMD8<Double>

    private let columns: Int
    private let numbers: UnsafeMutablePointer<Lanes>  // (rows in eights, columns)

    /// Creates a plane of zeros.
    init(rows: Int, columns: Int) {
        self.columns = columns
        let count = (rows + 15) / 16 * 2 * columns
        unsafe numbers = .allocate(capacity: count)
        unsafe numbers.initialize(repeating: .zero, count: count)
    }

    deinit { unsafe numbers.deallocate() }

    /// A column of the eight rows from 8·`eight` on.
    @inline(__always) subscript(eight: Int, column: Int) -> Lanes {
        get { unsafe numbers[eight &* columns &+ column] }
        set { unsafe numbers[eight &* columns &+ column] = newValue }
    }

    /// Writes eight numbers of a row, to every `step`th column from `first` on; those beyond the
    /// last column are left out.
    @inline(__always)
    func put(row: Int, from first: Int, step: Int = 1, _ values: Lanes) {
        let vector = (row &>> 3) &* columns &+ first
        let bytes = unsafe UnsafeMutableRawPointer(numbers + vector)
        let (place, apart) = (8 &* (row & 7), 64 &* step)
        @inline(__always) func store(_ lane: Int) {
            unsafe bytes.storeBytes(
                of: values[lane], toByteOffset: place &+ apart &* lane, as: Double.self)
        }
        // Whole vectors without a loop, which would go through memory for each number.
        guard first &+ 7 &* step < columns else {
            for lane in 0..<8 where first &+ step &* lane < columns { store(lane) }
            return
        }
        store(0)
        store(1)
        store(2)
        store(3)
        store(4)
        store(5)
        store(6)
        store(7)
    }
}

extension Sequences {
    /// Writes real parts to eight rows of `plane` from `row` on, imaginary parts to the next eight;
    /// rows beyond the last are left out.
    ///
    /// - Parameters:
    ///   - plane: (rows, columns), row by row.
    ///   - places: The element that each column takes.
    func write(to plane: inout [Double], from row: Int, places: [Int]) {
        let (columns, rows) = (places.count, min(16, plane.count / places.count - row))
        var span = plane.mutableSpan
        // Blocks of columns, so that the lines of all rows stay in the nearest cache.
        for block in stride(from: 0, to: columns, by: 8) {
            for lane in 0..<rows {
                for column in block..<min(block + 8, columns) {
                    let site = (row &+ lane) &* columns &+ column
                    unsafe span[unchecked: site] = part(lane, of: places[column])
                }
            }
        }
    }
}
