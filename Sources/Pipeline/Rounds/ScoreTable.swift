internal import Fields
internal import Shards

/// Scores by sample, from a table of errors: ours, or that of anybody's trainer.
///
/// The first line names the columns; `id` and the score's must be among them. Fields are separated by commas, without
/// quotes. An empty score is 0: a region that a sample does not have.
struct ScoreTable {
    /// The file.
    let path: String
    /// SHA-256 of its bytes.
    let digest: Digest
    /// The samples in the order of the lines.
    let ids: [SampleID]
    private let scores: [SampleID: Double]

    /// A larger file is refused.
    private static let maximumBytes = 1 << 30

    /// Reads the column `column` of the file at `path`.
    ///
    /// - Throws: `PipelineError` naming the line: no such file or column, a line that is not of the table, an id that is none
    ///   or is there twice, a score that is not a finite number of at least 0.
    init(path: String, column: String) throws {
        self.path = path
        let bytes = try InputFile.read(path, maximumBytes: ScoreTable.maximumBytes)
        digest = Digest(of: bytes)
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).makeIterator()
        func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
            (line.last == 13 ? line.dropLast() : line).split(separator: 44, omittingEmptySubsequences: false)
        }
        let header = lines.next().map { fields($0).map { String(decoding: $0, as: UTF8.self) } } ?? []
        func place(_ name: String) throws -> Int {
            guard let place = header.firstIndex(of: name) else {
                throw PipelineError(
                    .data,
                    "\(path):1: there is no column '\(name)'; the first line has \(header.prefix(20).joined(separator: ", "))"
                )
            }
            return place
        }
        let (idPlace, scorePlace) = (try place("id"), try place(column))
        var scores: [SampleID: Double] = [:]
        var ids: [SampleID] = []
        var number = 1
        while let line = lines.next() {
            number += 1
            if line.isEmpty || line.elementsEqual([13]) { continue }
            let fields = fields(line)
            guard fields.count == header.count else {
                throw PipelineError(
                    .data, "\(path):\(number): has \(fields.count) fields, the first line \(header.count)")
            }
            let text = String(decoding: fields[idPlace], as: UTF8.self)
            guard let id = SampleID(text) else {
                throw PipelineError(
                    .data,
                    "\(path):\(number): '\(text.prefix(40))' is no id of a sample: ids have 16 hexadecimal digits")
            }
            let digits = String(decoding: fields[scorePlace], as: UTF8.self)
            guard let score = digits.isEmpty ? 0 : Double(digits), score.isFinite, score >= 0 else {
                throw PipelineError(
                    .data,
                    "\(path):\(number): sample \(id) has the \(column) '\(digits.prefix(40))': scores are finite numbers of "
                        + "at least 0")
            }
            guard scores.updateValue(score, forKey: id) == nil else {
                throw PipelineError(.data, "\(path):\(number): sample \(id) is there twice: keep one line of it")
            }
            ids.append(id)
        }
        self.scores = scores
        self.ids = ids
    }

    /// The score of a sample, or nil.
    subscript(id: SampleID) -> Double? { scores[id] }

    /// Refuses scores that are not those of exactly `ids`; `what` names the samples in messages.
    func check(against ids: some Sequence<SampleID>, _ what: String) throws {
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
            throw PipelineError(
                .data,
                "\(path): lacks scores of \(what): of \(missing), \(first) the first; score every one of them")
        }
        let unknown = scores.keys.filter { !known.contains($0) }
        if let least = unknown.min(by: { $0.bits < $1.bits }) {
            throw PipelineError(
                .data,
                "\(path): has scores of \(unknown.count) samples that are not among \(what), such as \(least): score those "
                    + "alone")
        }
    }
}
