internal import Documents
package import Fields
internal import Foundation
internal import Shards

/// Why a sample came into a version's training set, or left it: a line of `choices-….csv`.
package struct ChosenSample: Hashable, Sendable {
    /// What became of it.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// It is new in the dataset.
        case added
        /// It was in the training set, and is no longer.
        case dropped
        /// It was in the dataset, and joins the training set.
        case taken
    }

    /// Where its configuration comes from.
    package enum ConfigurationOrigin: String, Hashable, Sendable, CaseIterable {
        /// Drawn from the design.
        case drawn
        /// A sample like one of the hardest.
        case neighbour
        /// Brought by the user.
        case given
        /// Chosen of a pool.
        case pool
    }

    /// The sample's id.
    package var id: SampleID
    /// Its number of sources.
    package var sources: Int
    /// What became of it.
    package var action: Action
    /// The round, from 1.
    package var round: Int
    /// Where it comes from.
    package var origin: ConfigurationOrigin
    /// The sample that a neighbour was made from.
    package var parent: SampleID?
    /// The rule that chose it: letters, digits and `-`.
    package var acquisition: String
    /// Its score, at least 0; nil where it was not scored.
    package var score: Double?
    /// The chance that it had of being taken; nil where nothing was left to chance.
    package var probability: Double?

    /// Creates a choice from its parts.
    package init(
        id: SampleID, sources: Int, action: Action, round: Int, origin: ConfigurationOrigin,
        parent: SampleID? = nil, acquisition: String, score: Double? = nil,
        probability: Double? = nil
    ) {
        self.id = id
        self.sources = sources
        self.action = action
        self.round = round
        self.origin = origin
        self.parent = parent
        self.acquisition = acquisition
        self.score = score
        self.probability = probability
    }
}

/// The choices of a version with the ranks of their samples: the file `choices-….csv`.
package struct ChoiceTable: Hashable, Sendable {
    /// The choices, each with its sample's rank.
    package let rows: [(choice: ChosenSample, rank: Int)]

    package static let header =
        "id,rank,n_sources,action,round,origin,parent_id,acquisition,score,probability"
    package static let maximumBytes = 1 << 30

    package init(_ rows: [(choice: ChosenSample, rank: Int)]) { self.rows = rows }

    package static func == (a: ChoiceTable, b: ChoiceTable) -> Bool { a.bytes == b.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    /// The file's bytes. Numbers have the fewest digits that give the same double.
    package var bytes: [UInt8] {
        var text = Array((ChoiceTable.header + "\n").utf8)
        for (choice, rank) in rows {
            let fields = [
                choice.id.description, "\(rank)", "\(choice.sources)", choice.action.rawValue,
                "\(choice.round)", choice.origin.rawValue, choice.parent?.description ?? "",
                choice.acquisition, choice.score.map(ChoiceTable.digits) ?? "",
                choice.probability.map(ChoiceTable.digits) ?? "",
            ]
            text += Array((fields.joined(separator: ",") + "\n").utf8)
        }
        return text
    }

    private static func digits(_ value: Double) -> String { JSON.number(value).canonicalText }

    /// Reads the file at `path`, which may come from a stranger.
    ///
    /// - Throws: `DatasetError` with the number of the line that is wrong.
    package init(path: String) throws {
        try self.init(try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes), path: path)
    }

    /// Reads the file's bytes; `path` is for messages.
    package init(_ bytes: [UInt8], path: String) throws {
        // Every line has nine commas and an id: a file of line feeds alone would take a place in
        // memory for each.
        guard bytes.count(where: { $0 == 10 }) <= bytes.count / 25 + 1 else {
            throw DatasetError(.data, "\(path): has lines that are too short for choices")
        }
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        guard lines.count >= 2, lines.last?.isEmpty == true,
            lines[0].elementsEqual(ChoiceTable.header.utf8)
        else {
            throw DatasetError(
                .data,
                "\(path): does not begin with the line '\(ChoiceTable.header)', or is cut off")
        }
        rows = try lines.dropFirst().dropLast().enumerated().map { number, line in
            try ChoiceTable.row(line, at: "\(path):\(number + 2)")
        }
        // What is read is what is written, digit for digit.
        let own = self.bytes
        guard own == bytes else {
            let same = zip(own, bytes).prefix { $0 == $1 }
            throw DatasetError(
                .data,
                "\(path):\(1 + same.count { $0.0 == 10 }): has a number that is written in "
                    + "another form than it is")
        }
    }

    private static func row(_ line: ArraySlice<UInt8>, at place: String) throws -> (
        choice: ChosenSample, rank: Int
    ) {
        let names = header.split(separator: ",")
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == names.count else {
            throw DatasetError(
                .data, "\(place): has \(fields.count) fields, the first line \(names.count)")
        }
        func read<Value>(_ column: Int, _ parse: (String) -> Value?) throws -> Value {
            guard let value = parse(String(decoding: fields[column], as: UTF8.self)) else {
                throw DatasetError(
                    .data,
                    "\(place): sample \(ForeignText.excerpt(bytes: fields[0], limit: 16)) cannot "
                        + "have the \(names[column]) "
                        + "'\(ForeignText.excerpt(bytes: fields[column], limit: 40))'")
            }
            return value
        }
        func integer(_ range: some RangeExpression<Int>) -> (String) -> Int? {
            { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
        }
        /// A number of at least 0; nothing for an empty cell.
        func number(_ range: ClosedRange<Double>) -> (String) -> Double?? {
            { text in
                if text.isEmpty { return .some(nil) }
                guard case .number(let value) = DecimalNumber.read(ArraySlice(text.utf8)),
                    range.contains(value)
                else { return nil }
                return value
            }
        }
        let parent: SampleID? = try read(6) { text in
            text.isEmpty ? .some(nil) : SampleID(text).map { .some($0) }
        }
        let choice = ChosenSample(
            id: try read(0) { SampleID($0) },
            sources: try read(2, integer(1...Configuration.maximumSources)),
            action: try read(3, ChosenSample.Action.init), round: try read(4, integer(1...)),
            origin: try read(5, ChosenSample.ConfigurationOrigin.init), parent: parent,
            acquisition: try read(7) { isWord($0) ? $0 : nil },
            score: try read(8, number(0...Double.greatestFiniteMagnitude)),
            probability: try read(9, number(0...1)))
        return (choice, try read(1, integer(0...)))
    }

    /// Whether `text` can be the name of an acquisition.
    package static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
    }
}
