import Shards
import Testing

@Suite struct NumPyFileTests {
    @Test func headerAndValues() {
        let bytes = NumPyFile.bytes(of: [1, -2, 0.5, 0, 3, 4], rows: 2, columns: 3)
        #expect(Array(bytes[..<8]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
        let length = Int(bytes[8]) | Int(bytes[9]) << 8
        #expect((10 + length) % 64 == 0)
        let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"))
        #expect(header.hasSuffix(" \n"))
        #expect(bytes.count == 10 + length + 24)
        #expect(Array(bytes.suffix(24).prefix(8)) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    }

    /// The header's length varies with the shape; the values begin at a multiple of 64 for every
    /// one.
    @Test(arguments: [1, 9, 99, 999, 4096]) func alignment(side: Int) {
        let bytes = NumPyFile.bytes(of: [Float](repeating: 1, count: side), rows: side, columns: 1)
        let length = Int(bytes[8]) | Int(bytes[9]) << 8
        #expect((10 + length) % 64 == 0 && bytes.count == 10 + length + 4 * side)
        #expect(bytes[10 + length - 1] == 0x0A)
    }

    /// A header can be set right when the number of rows is known.
    @Test func headersOfTablesAreOfOneLength() {
        for (rows, columns) in [
            (0, 1), (7, 128), (999_999, 2048), (1_000_000, 8192), (1 << 53, 8192),
        ] { #expect(NumPyFile.header(rows: rows, columns: columns).count == 128) }
        let bytes = NumPyFile.bytes(of: [1, 2], rows: 1, columns: 2)
        #expect(Array(bytes.prefix(128)) == NumPyFile.header(rows: 1, columns: 2))
    }

    /// Headers are read in the one form that NumPy writes: a change of any character is refused,
    /// but for one of a number.
    @Test func headersAreReadStrictly() throws {
        for (rows, columns) in [(3, 4), (0, 7), (1000, 2048)] {
            let header = NumPyFile.header(rows: rows, columns: columns)
            let found = try #require(NumPyFile.float32Header(header + [1, 2, 3]))
            #expect(found.shape == [rows, columns] && found.start == header.count)
            for place in header.indices {
                var damaged = header
                damaged[place] ^= 1
                guard let other = NumPyFile.float32Header(damaged) else { continue }
                let isDigit = (48...57).contains(damaged[place])
                #expect(isDigit && other.shape != [rows, columns], "byte \(place)")
            }
        }
        func read(_ text: String) -> [Int]? {
            let padding = String(repeating: " ", count: 117 - text.utf8.count)
            let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
            return NumPyFile.float32Header(bytes + Array((text + padding + "\n").utf8))?.shape
        }
        #expect(read("{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }") == [5])
        #expect(
            read("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }") == [2, 3, 4])
        for text in [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (5,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-5,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (05,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (5), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (5,), } x",
            "{'shape': (5,), 'descr': '<f4', 'fortran_order': False, }",
        ] { #expect(read(text) == nil, "\(text)") }
    }
}
