/// A place in an array of numbers that a kernel reads and writes.
///
/// Access is not bounds-checked: it stays within the images and the weights of a layer, which
/// outlive it.
@safe struct Floats {
    private let start: UnsafeMutablePointer<Float>

    @inline(__always) init(start: UnsafeMutablePointer<Float>) { unsafe self.start = start }

    @inline(__always) subscript(index: Int) -> Float {
        get { unsafe start[index] }
        nonmutating set { unsafe start[index] = newValue }
    }

    /// The same array as seen from `index`.
    @inline(__always) func advanced(by index: Int) -> Floats { unsafe Floats(start: start + index) }

    /// The vector that starts at `index`.
    @inline(__always) func load<Vector: SIMD<Float>>(
        _ index: Int, as type: Vector.Type = Vector.self
    ) -> Vector { unsafe UnsafeRawPointer(start + index).loadUnaligned(as: Vector.self) }

    /// Writes `vector` to the numbers that start at `index`.
    @inline(__always) func store<Vector: SIMD<Float>>(_ vector: Vector, _ index: Int) {
        unsafe UnsafeMutableRawPointer(start + index).storeBytes(of: vector, as: Vector.self)
    }

    /// Sets `count` numbers to zero.
    func clear(_ count: Int) { unsafe start.update(repeating: 0, count: count) }
}

/// Numbers that a layer owns, zero at first, on a cache line's start.
@safe final class FloatArray: @unchecked Sendable {
    /// How many.
    let count: Int
    private let memory: UnsafeMutablePointer<Float>

    init(_ count: Int) {
        self.count = count
        // Kernels read whole vectors, at most one beyond the end.
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: (count + 16) * MemoryLayout<Float>.stride, alignment: 64)
        unsafe memory = bytes.bindMemory(to: Float.self, capacity: count + 16)
        unsafe memory.initialize(repeating: 0, count: count + 16)
    }

    deinit { unsafe memory.deallocate() }

    /// The array from its start.
    @inline(__always) var start: Floats { unsafe Floats(start: memory) }
}

extension Array where Element == Float {
    /// Calls `body` with the array's numbers, which it only reads.
    func withFloats<Result>(_ body: (Floats) -> Result) -> Result {
        unsafe withUnsafeBufferPointer { buffer in
            precondition(!buffer.isEmpty)
            return body(
                unsafe Floats(
                    start: UnsafeMutablePointer(mutating: buffer.baseAddress.unsafelyUnwrapped)))
        }
    }

    /// Calls `body` with the array's numbers, which it may change.
    mutating func withMutableFloats<Result>(_ body: (Floats) -> Result) -> Result {
        unsafe withUnsafeMutableBufferPointer { buffer in
            precondition(!buffer.isEmpty)
            return body(unsafe Floats(start: buffer.baseAddress.unsafelyUnwrapped))
        }
    }
}
