/// NumPy's file of one array, `.npy`, format version 1.0 (NumPy Enhancement Proposal 1).
public enum NumPyFile {
    /// Returns the file of a field, (rows, columns), row by row: little-endian binary32 in C order.
    ///
    /// The header is padded with spaces so that the values begin at a multiple of 64 bytes.
    public static func bytes(of values: [Float], rows: Int, columns: Int) -> [UInt8] {
        precondition(values.count == rows * columns, "a field has one value per site")
        let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        let length = (10 + description.utf8.count + 1 + 63) / 64 * 64 - 10
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += description.utf8
        bytes += [UInt8](repeating: 0x20, count: length - description.utf8.count - 1) + [0x0A]
        return bytes + FieldBytes.bytes(of: values)
    }
}
