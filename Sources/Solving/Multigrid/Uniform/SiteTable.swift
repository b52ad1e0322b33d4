/// Rows of some table, numbered from 0, and for each site of a grid the number of its row.
///
/// Most sites share a few rows, which depend on parity and walls alone; the sites near obstacles
/// get rows of their own, and lose them again in time proportional to their number. The grid is
/// padded, so that a site's neighbours, up to two sites outside, can be looked up too: they have
/// row 0. Access is not bounds-checked.
@safe package struct SiteTable<Element>: ~Copyable {
    let rows: Int
    let columns: Int
    /// Distance between the numbers of two sites of one column.
    let stride: Int
    /// Rows that belong to no site in particular.
    private let shared: Int
    private let numbers: UnsafeMutableBufferPointer<Int32>
    /// The number of site (0, 0).
    private let origin: UnsafeMutablePointer<Int32>
    /// What `origin` held before any site had a row of its own.
    private let initial: [Int32]
    /// What grows. Behind a pointer, so that a constant table can be written to and no access is
    /// checked for exclusivity, which costs more than the look-up.
    private let growing: UnsafeMutablePointer<Growing>

    @unsafe private struct Growing {
        var elements: UnsafeMutableBufferPointer<Element>
        var own: [Int32] = []
    }

    /// Sites of padding on every side, and two more on the right and below.
    private static var margin: Int { 2 }

    /// Creates a table with the given shared rows; site (row, column) starts with row `number(row,
    /// column)` of them. `shared[0]` is for sites outside the grid.
    init(rows: Int, columns: Int, shared: [Element], number: (_ row: Int, _ column: Int) -> Int) {
        self.rows = rows
        self.columns = columns
        self.shared = shared.count
        stride = columns + 2 * SiteTable.margin
        unsafe numbers = .allocate(capacity: (rows + 2 * SiteTable.margin) * stride)
        unsafe numbers.initialize(repeating: 0)
        unsafe origin =
            numbers.baseAddress.unsafelyUnwrapped + SiteTable.margin * stride + SiteTable.margin
        var initial = [Int32](repeating: 0, count: rows * stride)
        for row in 0..<rows {
            for column in 0..<columns {
                let value = Int32(number(row, column))
                initial[row * stride + column] = value
                unsafe origin[row * stride + column] = value
            }
        }
        self.initial = initial
        let elements = UnsafeMutableBufferPointer<Element>.allocate(capacity: shared.count + 1024)
        for (index, element) in shared.enumerated() {
            unsafe elements.initializeElement(at: index, to: element)
        }
        unsafe growing = .allocate(capacity: 1)
        unsafe growing.initialize(to: Growing(elements: elements))
    }

    // `Element` is a plain value without references: rows need not be deinitialised.
    deinit {
        unsafe numbers.deallocate()
        unsafe growing.pointee.elements.deallocate()
        unsafe growing.deinitialize(count: 1)
        unsafe growing.deallocate()
    }

    /// Sites with rows of their own, as offsets row · stride + column, in the order in which they
    /// were set.
    package var own: [Int32] { unsafe growing.pointee.own }

    /// The offset of (row, column).
    @inline(__always) package func offset(_ row: Int, _ column: Int) -> Int {
        row &* stride &+ column
    }

    /// The row and column of an offset inside the grid.
    package func site(_ offset: Int32) -> (row: Int, column: Int) {
        let (row, column) = Int(offset).quotientAndRemainder(dividingBy: stride)
        return (row, column)
    }

    /// The row of the site at `offset`.
    @inline(__always) package subscript(offset: Int) -> Element {
        unsafe growing.pointee.elements.baseAddress.unsafelyUnwrapped[Int(origin[offset])]
    }

    /// The row that the site at `offset` shares with others while it has none of its own.
    func shared(at offset: Int) -> Element { unsafe growing.pointee.elements[Int(initial[offset])] }

    /// Whether the site at `offset` has a row of its own.
    @inline(__always) package func hasOwn(_ offset: Int) -> Bool {
        unsafe Int(origin[offset]) >= shared
    }

    /// Gives the site at `offset` a row of its own, or replaces the one it has.
    @inline(__always) func set(_ element: Element, at offset: Int) {
        var number = unsafe Int(origin[offset])
        if number < shared {
            number = unsafe shared &+ growing.pointee.own.count
            if unsafe number == growing.pointee.elements.count { grow() }
            unsafe origin[offset] = Int32(truncatingIfNeeded: number)
            unsafe growing.pointee.own.append(Int32(truncatingIfNeeded: offset))
        }
        unsafe growing.pointee.elements.baseAddress.unsafelyUnwrapped.advanced(by: number)
            .initialize(to: element)
    }

    /// Takes all sites' own rows away.
    func reset() {
        for offset in own { unsafe origin[Int(offset)] = initial[Int(offset)] }
        unsafe growing.pointee.own.removeAll(keepingCapacity: true)
    }

    private func grow() {
        let elements = unsafe growing.pointee.elements
        let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: 2 * elements.count)
        _ = unsafe larger.moveInitialize(fromContentsOf: elements)
        unsafe elements.deallocate()
        unsafe growing.pointee.elements = larger
    }
}
