/// Memory for positions within lines.
@safe final class Offsets {
    private let storage: UnsafeMutablePointer<Int32>

    init(count: Int) {
        unsafe storage = .allocate(capacity: count)
        unsafe storage.initialize(repeating: 0, count: count)
    }

    deinit { unsafe storage.deallocate() }

    /// The positions, for kernels, which the memory must outlive.
    var line: OffsetLine { unsafe OffsetLine(start: storage) }
}

/// Positions within a line. Like a line's elements they are not checked.
@safe struct OffsetLine {
    private let start: UnsafeMutablePointer<Int32>

    @inline(__always) fileprivate init(start: UnsafeMutablePointer<Int32>) {
        unsafe self.start = start
    }

    @inline(__always) subscript(index: Int) -> Int {
        get { Int(truncatingIfNeeded: unsafe start[index]) }
        nonmutating set { unsafe start[index] = Int32(truncatingIfNeeded: newValue) }
    }
}
