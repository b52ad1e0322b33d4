/// Samples named by an expression, such as `S5%`, `test/S25% | n07` or `train & n03`: the expressions of the Python reader
/// (article *Reading*, section *Selections*).
///
/// `a & b` is what is in both, `a | b` what is in either; `&` binds tighter. A name is a part, a number of sources (`n07`, in
/// all parts), or a selection of the dataset; without a part that is one of training. `B1.25%` is the window `S1.25%-B`.
public struct SelectionExpression: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let description: String
    private let alternatives: [[Term]]

    private enum Term: Hashable, Sendable {
        case part(Split.Part)
        case sources(Int)
        case selection(Selection)
    }

    /// A longer text is refused.
    private static let maximumLength = 4096

    /// Reads `text`, whose names are among `selections`.
    ///
    /// - Throws: `SamplingError` with code `.selection` where a name is unknown or missing.
    public init(_ text: String, among selections: [Selection]) throws(SamplingError) {
        guard text.utf8.count <= SelectionExpression.maximumLength else {
            throw SamplingError(.selection, "a selection of \(text.utf8.count) characters is too long")
        }
        description = text
        var alternatives: [[Term]] = []
        for alternative in text.split(separator: "|", omittingEmptySubsequences: false) {
            var terms: [Term] = []
            for name in alternative.split(separator: "&", omittingEmptySubsequences: false) {
                terms.append(try SelectionExpression.term(SelectionExpression.trimmed(name), among: selections))
            }
            alternatives.append(terms)
        }
        self.alternatives = alternatives
    }

    /// Whether a sample of `part` with this rank and number of sources belongs to it.
    public func contains(part: Split.Part, rank: Int, sources: Int) -> Bool {
        alternatives.contains { terms in
            terms.allSatisfy { term in
                switch term {
                case .part(let wanted): wanted == part
                case .sources(let number): number == sources
                case .selection(let selection): selection.contains(part: part, rank: rank, sources: sources)
                }
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static func term(_ name: String, among selections: [Selection]) throws(SamplingError) -> Term {
        if let part = Split.Part(rawValue: name) { return .part(part) }
        if name.first == "n", let number = Int(name.dropFirst()), name.dropFirst().allSatisfy(\.isWholeNumber) {
            return .sources(number)
        }
        var full = name.contains("/") ? name : "train/\(name)"
        let halves = full.split(separator: "/", maxSplits: 1)
        // A letter before the share names a window of it.
        if halves.count == 2, let letter = halves[1].first, letter != "S", letter.isUppercase, halves[1].last == "%" {
            full = "\(halves[0])/S\(halves[1].dropFirst())-\(letter)"
        }
        if let selection = selections.first(where: { $0.name == full }) { return .selection(selection) }
        let known = selections.filter { $0.stratum == nil }.map(\.name).joined(separator: ", ")
        throw SamplingError(
            .selection,
            "there is no selection '\(name)'; there are train, validation, test, \(known), and n01, n02, … for numbers of "
                + "sources; '&' joins what must hold together, '|' is either")
    }
}
