internal import Fields

/// The rows of a NumPy file of float32, (rows, width), read at their places: the file may be larger
/// than memory.
///
/// The file stays open, so that what is read is what was looked at, unless somebody writes into it.
package final class NumPyRows: Sendable {
    /// Number of rows.
    package let count: Int
    /// Numbers in a row.
    package let width: Int
    private let file: OpenFile
    /// What precedes the values.
    private let header: [UInt8]

    /// Opens the file at `path`; nil where it is no such file.
    ///
    /// - Throws: `ShardsError` where it cannot be read, or its length is not what its header says.
    package init?(path: String) throws(ShardsError) {
        file = try OpenFile.reading(path)
        let beginning = try file.start(256)
        guard let (shape, start) = NumPyFile.float32Header(beginning), shape.count == 2,
            shape[1] > 0
        else { return nil }
        // The shape is whatever somebody wrote: a product of it may be no number of this machine.
        let bytes = try file.size() - start
        guard shape[1] < 1 << 24, shape[0] <= bytes / (4 * shape[1]),
            bytes == 4 * shape[0] * shape[1]
        else { throw ShardsError(.corrupt, "ends early, or goes on too long", path: path) }
        (count, width) = (shape[0], shape[1])
        header = Array(beginning[..<start])
    }

    /// Copies row `row` to `values[place ..< place + width]`.
    ///
    /// - Throws: `ShardsError` where it cannot be read, or the file has become shorter.
    package func copy(_ row: Int, into values: inout [Float], at place: Int) throws(ShardsError) {
        precondition((0..<count).contains(row) && values.count - place >= width, "a row fits")
        let read = try fill(&values[place..<place + width], from: header.count + 4 * row * width)
        guard read == 4 * width else {
            throw ShardsError(.corrupt, "became shorter while it was read", path: file.path)
        }
    }

    /// The corresponding C function is `pread`.
    private func fill(_ values: inout ArraySlice<Float>, from offset: Int) throws(ShardsError)
        -> Int
    {
        var (read, failure) = (0, nil as ShardsError?)
        // Floats have no padding, and the machine is little-endian (checked where this module is
        // compiled).
        unsafe values.withUnsafeMutableBytes { bytes in
            do throws(ShardsError) { read = unsafe try file.fill(bytes, from: offset) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return read
    }

    /// Reads the whole file once.
    ///
    /// - Returns: Its size and digest, and the place of the first number that is not finite: row,
    ///   column and what it is.
    /// - Throws: `ShardsError` where it cannot be read, or has become shorter.
    package func check() throws(ShardsError) -> (
        file: FileDigest, notFinite: (row: Int, column: Int, value: Float)?
    ) {
        var hasher = Digest.Hasher()
        hasher.update(header)
        var found: (row: Int, column: Int, value: Float)?
        var row = [Float](repeating: 0, count: width)
        for number in 0..<count {
            try copy(number, into: &row, at: 0)
            unsafe row.withUnsafeBytes { unsafe hasher.update($0) }
            guard found == nil, !FieldBytes.areFinite(row.span) else { continue }
            found = row.firstIndex { !$0.isFinite }.map { (number, $0, row[$0]) }
        }
        return (FileDigest(bytes: header.count + 4 * count * width, sha256: hasher.finish()), found)
    }
}
