internal import Documents

/// A set of a dataset's samples, named by an expression such as `S5%`, `round-1`, `test`, `n07`,
/// `S5% & n07` or `test | validation`.
///
/// The names are those of the article *Reading*: a selection of the manifest, with or without its
/// part (`train/S5%`, `S5%`); a window by its short form too (`B1.25%` for `S1.25%-B`); a part; `n`
/// with a number of sources. `&` binds tighter than `|`. The order of the samples is the dataset's:
/// by part, then by rank.
public struct SelectionExpression: Hashable, Sendable, CustomStringConvertible {
    private enum Name: Hashable, Sendable {
        case part(Split.Part)
        case stratum(Int)
        case selection(Selection)
    }

    /// Alternatives, each of which is a conjunction of names.
    private let alternatives: [[Name]]
    /// The expression as it was given, with single spaces around operators.
    public let description: String

    /// A longer text is refused.
    private static let maximumLength = 4096

    /// Every sample.
    public static let everything = SelectionExpression(
        alternatives: Split.Part.allCases.map { [.part($0)] },
        description: Split.Part.allCases.map(\.rawValue).joined(separator: " | "))

    private init(alternatives: [[Name]], description: String) {
        self.alternatives = alternatives
        self.description = description
    }

    /// Reads the expression `text` for a dataset with `selections`.
    ///
    /// - Throws: `SamplingError` with code `.selection` where a name is missing or there is none
    ///   like it; the message lists what there is.
    public init(_ text: String, among selections: [Selection]) throws(SamplingError) {
        guard text.utf8.count <= SelectionExpression.maximumLength else {
            throw SamplingError(.selection, "a selection of \(text.utf8.count) bytes is too long")
        }
        var alternatives: [[Name]] = []
        var words: [String] = []
        for term in text.split(separator: "|", omittingEmptySubsequences: false) {
            var names: [Name] = []
            var factors: [String] = []
            for factor in term.split(separator: "&", omittingEmptySubsequences: false) {
                let word = SelectionExpression.trimmed(factor)
                names.append(try SelectionExpression.name(word, in: text, among: selections))
                factors.append(word)
            }
            alternatives.append(names)
            words.append(factors.joined(separator: " & "))
        }
        self.init(alternatives: alternatives, description: words.joined(separator: " | "))
    }

    /// The samples that are in any of `expressions`; all where there are none.
    public init(anyOf expressions: [SelectionExpression]) {
        guard !expressions.isEmpty else {
            self = .everything
            return
        }
        self.init(
            alternatives: expressions.flatMap(\.alternatives),
            description: expressions.map(\.description).joined(separator: " | "))
    }

    /// Whether a sample of `part` with this rank and number of sources belongs to it. O(names · log
    /// ranges).
    public func contains(part: Split.Part, rank: Int, sources: Int) -> Bool {
        alternatives.contains { names in
            names.allSatisfy { name in
                switch name {
                case .part(let wanted): wanted == part
                case .stratum(let wanted): wanted == sources
                case .selection(let selection):
                    selection.contains(part: part, rank: rank, sources: sources)
                }
            }
        }
    }

    /// Whether samples of `part` with these ranks may belong to it: false only where none does,
    /// whatever its number of sources, so that a shard need not be opened.
    public func mayContain(part: Split.Part, ranks: Range<Int>) -> Bool {
        alternatives.contains { names in
            names.allSatisfy { name in
                switch name {
                case .part(let wanted): wanted == part
                case .stratum: true
                case .selection(let selection): selection.part == part && selection.overlaps(ranks)
                }
            }
        }
    }

    private static func name(_ word: String, in text: String, among selections: [Selection])
        throws(SamplingError) -> Name
    {
        if let part = Split.Part(rawValue: word) { return .part(part) }
        if word.utf8.first == UInt8(ascii: "n"),
            word.utf8.dropFirst().allSatisfy({ (48...57).contains($0) }),
            let sources = Int(word.dropFirst())
        {
            return .stratum(sources)
        }
        let full = word.contains("/") ? word : "train/\(word)"
        let candidates = [full, windowName(full)]
        if let selection = selections.first(where: { candidates.contains($0.name) }) {
            return .selection(selection)
        }
        let names = selections.map(\.name).joined(separator: ", ")
        // Of training selections the part need not be said.
        let short = selections.map(\.name).filter { $0.hasPrefix("train/") }.map { $0.dropFirst(6) }
        let words = Split.Part.allCases.map(\.rawValue) + short.map(String.init)
        let near = EditDistance.nearest(to: word, among: words + selections.map(\.name))
        throw SamplingError(
            .selection,
            word.isEmpty
                ? "the selection '\(text)' lacks a name beside '&' or '|'"
                : "there is no selection '\(word)'"
                    + (near.map { ": did you mean '\($0)'? There" } ?? "; there")
                    + " are train, validation, test, n07 and so on for a number of sources, "
                    + names)
    }

    /// `train/S1.25%-B` of `train/B1.25%`; other names as they are.
    private static func windowName(_ full: String) -> String {
        let halves = full.split(separator: "/", maxSplits: 1)
        guard halves.count == 2, let letter = halves[1].utf8.first, (65...90).contains(letter),
            halves[1].hasSuffix("%")
        else { return full }
        return "\(halves[0])/S\(halves[1].dropFirst())-\(halves[1].prefix(1))"
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
