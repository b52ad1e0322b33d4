internal import Documents
package import Fields
internal import Learning
internal import Shards

/// Scores by sample, from a table of errors: ours, or that of anybody's trainer; see
/// `DelimitedText` for its form.
///
/// `id` and the score's must be among its columns, each once. Every score is a finite number of at
/// least 0. An empty cell is a score in one case alone, that of `evaluate`: a region of which the
/// sample has no site, in a row that has a number in the column `mae`; it counts as 0.
package struct ScoreTable {
    /// The file.
    package let path: String
    /// The samples in the order of the lines.
    package let ids: [SampleID]
    private let scores: [SampleID: Double]

    /// A larger file is refused.
    package static let maximumBytes = 1 << 29

    /// Reads the column `column` of the file at `path`.
    ///
    /// - Throws: `DatasetError` naming the line: no such file or column, a line that is not of the
    ///   table, an id that is none or is there twice, a score that is not a finite number of at
    ///   least 0; or where it is not what a manifest of `evaluate` beside it lists.
    package init(path: String, column: String) throws {
        let bytes = try InputFile.read(path, maximumBytes: ScoreTable.maximumBytes)
        try ListedTable.check(bytes, of: path)
        try self.init(bytes, path: path, column: column)
    }

    /// Reads the column `column` of a file's bytes; `path` is for messages.
    package init(_ bytes: [UInt8], path: String, column: String) throws {
        self.path = path
        var text = try DelimitedText(bytes, path: path)
        guard let idPlace = try text.place(of: "id") else { throw text.lacks("id") }
        guard let scorePlace = try ScoreTable.place(of: column, in: text) else {
            throw text.lacks(column)
        }
        let wholePlace = ScoreTable.isRegion(column) ? try text.place(of: "mae") : nil
        var scores: [SampleID: Double] = [:]
        var ids: [SampleID] = []
        while let record = try text.next() {
            let cell = record.fields[idPlace]
            guard let id = SampleID(String(decoding: cell.prefix(17), as: UTF8.self)) else {
                throw DatasetError(
                    .data,
                    "\(path):\(record.line): '\(ForeignText.excerpt(bytes: cell, limit: 40))' is "
                        + "no id of a sample: ids have 16 hexadecimal digits")
            }
            let score = try ScoreTable.score(
                record.fields[scorePlace], of: id, column, line: record.line, path: path,
                mayBeMissing: wholePlace.map { DecimalNumber.read(record.fields[$0]).isNumber }
                    ?? false)
            guard scores.updateValue(score, forKey: id) == nil else {
                throw DatasetError(
                    .data,
                    "\(path):\(record.line): sample \(id) is there twice: keep one line of it")
            }
            ids.append(id)
        }
        self.scores = scores
        self.ids = ids
    }

    /// The names of regions that a sample may have no site of.
    private static func isRegion(_ column: String) -> Bool {
        ErrorMeasure(rawValue: column.lowercased())?.isOfRegion ?? false
    }

    /// The place of a column; the paper's R1 to R4 may be written small or large.
    private static func place(of column: String, in text: DelimitedText) throws -> Int? {
        guard isRegion(column) else { return try text.place(of: column) }
        let (small, large) = (column.lowercased(), column.uppercased())
        guard let place = try text.place(of: small) else { return try text.place(of: large) }
        guard try text.place(of: large) == nil else {
            throw DatasetError(
                .data,
                "\(text.path):1: has both columns '\(small)' and '\(large)', which mean the same: "
                    + "keep one of them")
        }
        return place
    }

    private static func score(
        _ cell: ArraySlice<UInt8>, of id: SampleID, _ column: String, line: Int, path: String,
        mayBeMissing: Bool
    ) throws -> Double {
        let what: String
        switch DecimalNumber.read(cell) {
        case .number(let score) where score >= 0: return score
        case .empty where mayBeMissing: return 0
        case .empty: what = "has no \(column)"
        case .tooLarge:
            what =
                "has the \(column) '\(ForeignText.excerpt(bytes: cell, limit: 40))', more than a "
                + "double holds"
        case .number, .other:
            what = "has the \(column) '\(ForeignText.excerpt(bytes: cell, limit: 40))'"
        }
        throw DatasetError(
            .data,
            "\(path):\(line): sample \(id) \(what): scores are finite numbers of at least 0")
    }

    /// The score of a sample, or nil.
    package subscript(id: SampleID) -> Double? { scores[id] }

    /// The samples in ascending order with their scores: the same for the same content in any order
    /// of lines.
    package var sorted: (ids: [SampleID], scores: [Double]) {
        let ids = ids.sorted()
        return (ids, ids.compactMap { scores[$0] })
    }

    /// Refuses scores that are not those of exactly `ids`; `what` names the samples in messages.
    package func check(against ids: some Sequence<SampleID>, _ what: String) throws {
        var missing = 0
        var first: SampleID?
        var known = Set<SampleID>()
        for id in ids {
            known.insert(id)
            if scores[id] == nil {
                missing += 1
                first = first ?? id
            }
        }
        if let first {
            throw DatasetError(
                .data,
                "\(path): lacks scores of \(what): of \(missing), \(first) the first; score every "
                    + "one of them")
        }
        let unknown = scores.keys.filter { !known.contains($0) }
        if let least = unknown.min(by: { $0.bits < $1.bits }) {
            throw DatasetError(
                .data,
                "\(path): has scores of \(unknown.count) samples that are not among \(what), such "
                    + "as \(least): score those alone")
        }
    }
}

extension DecimalNumber.Reading {
    /// Whether it is a finite number.
    package var isNumber: Bool { if case .number = self { true } else { false } }
}
