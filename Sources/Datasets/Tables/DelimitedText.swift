internal import Documents
internal import Fields

/// A table from anywhere, as RFC 4180 describes it: records of fields between commas, fields in
/// double quotes where need be; the first record names the columns.
///
/// A byte order mark and line ends of either kind (CR LF, LF) are accepted, and empty lines at the
/// end. Everything else is refused with file and line: a quote that is never closed or stands
/// inside a field, a carriage return alone, a NUL, a record of another length than the first, and a
/// last line that does not end, as a file that was cut has it.
package struct DelimitedText {
    /// A record.
    package struct Record {
        /// The line on which it begins, from 1.
        package let line: Int
        /// The fields, without quotes; as many as there are columns.
        package let fields: [ArraySlice<UInt8>]
    }

    /// The file, for messages.
    package let path: String
    /// The names of the columns.
    package private(set) var columns: [String]
    private let bytes: [UInt8]
    private var place: Int
    private var line = 1

    /// More fields are refused.
    private static let maximumColumns = 10_000
    /// Longer records are refused.
    private static let maximumRecord = 1 << 20

    private enum Byte {
        static let comma = UInt8(ascii: ",")
        static let quote = UInt8(ascii: "\"")
        static let feed: UInt8 = 10
        static let carriageReturn: UInt8 = 13
    }

    /// Reads the names of the columns of the file with the content `bytes`.
    package init(_ bytes: [UInt8], path: String) throws {
        self.path = path
        self.bytes = bytes
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw DatasetError(
                .data, "\(path):1: is UTF-16 by its byte order mark: save it as UTF-8")
        }
        place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        columns = []
        guard let first = try fields() else {
            throw DatasetError(.data, "\(path):1: is empty: the first line is to name the columns")
        }
        columns = first.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The place of the column called `name`, or nil where there is none.
    ///
    /// - Throws: `DatasetError` where there are two.
    package func place(of name: String) throws -> Int? {
        let places = columns.indices.filter { columns[$0] == name }
        guard places.count < 2 else {
            throw DatasetError(
                .data,
                "\(path):1: the columns \(places[0] + 1) and \(places[1] + 1) are both called "
                    + "'\(ForeignText.excerpt(name))': leave one of them out")
        }
        return places.first
    }

    /// That there is no column `name`, and what there is.
    package func lacks(_ name: String) -> DatasetError {
        let shown = columns.prefix(20).map { ForeignText.excerpt($0, limit: 40) }.joined(
            separator: ", ")
        let more = columns.count > 20 ? " and \(columns.count - 20) more" : ""
        let isOtherwiseSeparated =
            columns.count == 1 && columns[0].contains { $0 == ";" || $0 == "\t" }
        return DatasetError(
            .data,
            "\(path):1: there is no column '\(ForeignText.excerpt(name))'; the first line has "
                + "\(shown)\(more)"
                + (isOtherwiseSeparated ? ": columns are to be separated by commas" : ""))
    }

    /// Reads the next record; nil at the end of the file.
    package mutating func next() throws -> Record? {
        let start = line
        guard let fields = try fields() else { return nil }
        if fields.count == 1, fields[0].isEmpty, columns.count > 1 {
            while place < bytes.count {
                guard let rest = try self.fields() else { break }
                guard rest.count == 1, rest[0].isEmpty else {
                    throw wrong("is empty: leave it out", at: start)
                }
            }
            return nil
        }
        guard fields.count == columns.count else {
            throw wrong("has \(fields.count) fields, the first line \(columns.count)", at: start)
        }
        return Record(line: start, fields: fields)
    }

    private func wrong(_ what: String, at line: Int) -> DatasetError {
        DatasetError(.data, "\(path):\(line): \(what)")
    }

    /// Reads the fields of the record at `place`, and passes its end.
    private mutating func fields() throws -> [ArraySlice<UInt8>]? {
        guard place < bytes.count else { return nil }
        let (start, first) = (place, line)
        var fields: [ArraySlice<UInt8>] = []
        while true {
            fields.append(bytes[place...].first == Byte.quote ? try quoted() : try plain())
            guard fields.count <= DelimitedText.maximumColumns else {
                throw wrong("has more than \(DelimitedText.maximumColumns) fields", at: first)
            }
            guard place - start <= DelimitedText.maximumRecord else {
                throw wrong("has more than \(DelimitedText.maximumRecord) bytes", at: first)
            }
            guard place < bytes.count else {
                throw wrong(
                    "does not end with a line feed, so the file may have been cut: write it anew, "
                        + "or add a line feed", at: line)
            }
            let end = bytes[place]
            place += 1
            if end == Byte.comma { continue }
            if end == Byte.carriageReturn {
                guard place < bytes.count, bytes[place] == Byte.feed else {
                    throw wrong(
                        "has a carriage return without a line feed: lines end with LF or CR LF, "
                            + "and fields that hold either stand in quotes", at: line)
                }
                place += 1
            }
            line += 1
            return fields
        }
    }

    /// Reads a field without quotes, up to what ends it.
    private mutating func plain() throws -> ArraySlice<UInt8> {
        let start = place
        while place < bytes.count {
            switch bytes[place] {
            case Byte.comma, Byte.feed, Byte.carriageReturn: return bytes[start..<place]
            case Byte.quote:
                throw wrong(
                    "has a quote inside a field that does not begin with one: quote whole fields",
                    at: line)
            case 0: throw wrong("has a NUL character: the file is damaged, or no text", at: line)
            default: place += 1
            }
        }
        return bytes[start..<place]
    }

    /// Reads a field in quotes, in which two quotes stand for one, and passes the closing quote.
    private mutating func quoted() throws -> ArraySlice<UInt8> {
        let opened = line
        place += 1
        var start = place
        var found: ArraySlice<UInt8> = []
        while place < bytes.count {
            switch bytes[place] {
            case Byte.quote:
                let piece = bytes[start..<place]
                place += 1
                if place < bytes.count, bytes[place] == Byte.quote {
                    found += piece + [Byte.quote]
                    place += 1
                    start = place
                    continue
                }
                if place < bytes.count,
                    ![Byte.comma, Byte.feed, Byte.carriageReturn].contains(bytes[place])
                {
                    throw wrong(
                        "goes on after a closing quote: within quotes, write a quote twice",
                        at: line)
                }
                return found.isEmpty ? piece : found + piece
            case 0: throw wrong("has a NUL character: the file is damaged, or no text", at: line)
            case Byte.feed:
                line += 1
                place += 1
            default: place += 1
            }
        }
        throw wrong("has a quote that is never closed: the file may have been cut", at: opened)
    }
}
