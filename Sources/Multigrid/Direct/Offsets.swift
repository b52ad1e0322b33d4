/// Positions within lines, for kernels: like a line's elements, they are not checked.
@safe final class Offsets {
    private let storage: UnsafeMutablePointer<Int32>

    init(count: Int) {
        unsafe storage = .allocate(capacity: count)
        unsafe storage.initialize(repeating: 0, count: count)
    }

    deinit { unsafe storage.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Int {
        get { Int(truncatingIfNeeded: unsafe storage[index]) }
        set { unsafe storage[index] = Int32(truncatingIfNeeded: newValue) }
    }
}
