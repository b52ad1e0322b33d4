#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Memory that the client made and also sees: a file without a name, which may grow, and never
/// shrinks.
///
/// Fields are little-endian binary32 at multiples of 4 bytes.
@safe package final class SharedMemory {
    private let descriptor: Int32
    private var start: UnsafeMutableRawPointer?
    private var count = 0

    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { unmap() }

    /// Returns `count` bytes from `place` on.
    package func bytes(at place: Int, count: Int) throws(EngineError) -> [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(try buffer(place, count)))
    }

    /// Returns `count` numbers from `place` on.
    package func floats(at place: Int, count: Int) throws(EngineError) -> [Float] {
        unsafe Array(try numbers(place, count))
    }

    /// Puts `values` at `place`.
    package func put(_ values: [Float], at place: Int) throws(EngineError) {
        let out = unsafe UnsafeMutableRawBufferPointer(try numbers(place, values.count))
        unsafe values.withUnsafeBytes { unsafe out.copyMemory(from: $0) }
    }

    /// Calls `body` with the `count` numbers from `place` on, to be changed there.
    func change(at place: Int, count: Int, _ body: (inout MutableSpan<Float>) throws -> Void)
        throws
    {
        let numbers = unsafe try numbers(place, count)
        var span = unsafe numbers.mutableSpan
        try body(&span)
    }

    /// The same with as many numbers from `other` on, which are only read.
    func change(
        at place: Int, count: Int, beside other: Int,
        _ body: (inout MutableSpan<Float>, Span<Float>) throws -> Void
    ) throws {
        let reach = max(place, other)
        _ = unsafe try numbers(reach, count)  // maps both
        let numbers = unsafe try numbers(place, count)
        let others = unsafe UnsafeBufferPointer(try self.numbers(other, count))
        var span = unsafe numbers.mutableSpan
        try body(&span, unsafe others.span)
    }

    private func numbers(_ place: Int, _ count: Int) throws(EngineError)
        -> UnsafeMutableBufferPointer<Float>
    {
        guard place % 4 == 0, count >= 0, count < 1 << 40 else {
            throw EngineError(.usage, "a field at \(place), which is no multiple of 4 bytes")
        }
        return unsafe try buffer(place, 4 * count).bindMemory(to: Float.self)
    }

    /// The bytes in [place, place + count), mapped where they were not yet.
    private func buffer(_ place: Int, _ count: Int) throws(EngineError)
        -> UnsafeMutableRawBufferPointer
    {
        guard place >= 0, count >= 0, place < 1 << 50, count < 1 << 50 else {
            throw EngineError(.usage, "\(count) bytes at \(place) are not possible")
        }
        if place + count > self.count { try map(place + count) }
        guard let start = unsafe start else {
            return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: start + place, count: count)
    }

    /// Maps the whole file, which must have `least` bytes.
    private func map(_ least: Int) throws(EngineError) {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= least else {
            throw EngineError(
                .usage, "the shared memory has \(size) bytes, \(least) are asked for")
        }
        unmap()
        let found = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard unsafe found != MAP_FAILED else {
            throw EngineError(
                .internal, "the shared memory of \(size) bytes cannot be mapped: error \(errno)")
        }
        unsafe (start, count) = (found, size)
    }

    private func unmap() {
        if let start = unsafe start { _ = unsafe munmap(start, count) }
        unsafe (start, count) = (nil, 0)
    }
}
