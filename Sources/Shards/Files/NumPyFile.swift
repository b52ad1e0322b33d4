/// NumPy's file of one array, `.npy`, format version 1.0 (NumPy Enhancement Proposal 1).
public enum NumPyFile {
    /// Returns the file of a field, (rows, columns), row by row: little-endian binary32 in C order.
    ///
    /// The header is padded with spaces so that the values begin at a multiple of 64 bytes.
    public static func bytes(of values: [Float], rows: Int, columns: Int) -> [UInt8] {
        precondition(values.count == rows * columns, "a field has one value per site")
        return header(rows: rows, columns: columns) + FieldBytes.bytes(of: values)
    }

    /// Returns what precedes the values of such a file: 128 bytes, whatever the numbers of rows and
    /// columns.
    public static func header(rows: Int, columns: Int) -> [UInt8] {
        header(type: "'<f4'", shape: "(\(rows), \(columns))")
    }

    /// Returns the shape of an array of little-endian binary32 in C order, and where its values
    /// begin; nil where `bytes` are no such file of format version 1.0.
    ///
    /// The header is taken in the one form that NumPy writes, to the last character: what is
    /// damaged may say anything else.
    public static func float32Header(_ bytes: [UInt8]) -> (shape: [Int], start: Int)? {
        guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<8].elementsEqual("NUMPY\u{1}\0".utf8)
        else { return nil }
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        guard start <= bytes.count, start % 16 == 0, bytes[start - 1] == 0x0A else { return nil }
        let text = String(decoding: bytes[10..<start - 1], as: UTF8.self)
        let (head, tail) = ("{'descr': '<f4', 'fortran_order': False, 'shape': (", "), }")
        guard text.hasPrefix(head), let end = text.firstRange(of: tail),
            text[end.upperBound...].allSatisfy({ $0 == " " })
        else { return nil }
        let words = text[text.index(text.startIndex, offsetBy: head.count)..<end.lowerBound]
        let shape = words.split(separator: ",").compactMap { Int($0.drop { $0 == " " }) }
        let plain =
            shape.count == 1
            ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        return plain == words && shape.allSatisfy { $0 >= 0 } ? (shape, start) : nil
    }

    /// Returns what precedes `count` records in the file of an array of records, whose bytes follow
    /// without gaps.
    ///
    /// - Parameter fields: name and type of each field as NumPy writes them, such as `("id",
    ///   "'<u8'")`, or `("y_sha256", "'|u1', (32,)")` for several numbers.
    public static func header(count: Int, fields: [(name: String, type: String)]) -> [UInt8] {
        let types = fields.map { "('\($0.name)', \($0.type))" }.joined(separator: ", ")
        return header(type: "[\(types)]", shape: "(\(count),)")
    }

    private static func header(type: String, shape: String) -> [UInt8] {
        let description = "{'descr': \(type), 'fortran_order': False, 'shape': \(shape), }"
        let length = (10 + description.utf8.count + 1 + 63) / 64 * 64 - 10
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += description.utf8
        bytes += [UInt8](repeating: 0x20, count: length - description.utf8.count - 1) + [0x0A]
        return bytes
    }
}
