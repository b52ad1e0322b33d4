/// The line of a value of a YAML document, 1-based, and the lines of what it holds.
///
/// A tree like the document's own: places written out as JSON pointers would take the memory of
/// every key once for each value below it, and a file of 1 MiB could ask for a hundred gigabytes.
struct YAMLLines: Sendable {
    private let line: Int
    private var members: [String: YAMLLines] = [:]
    private var elements: [YAMLLines] = []

    /// A value that begins on `line` and holds nothing so far.
    init(_ line: Int) { self.line = line }

    /// Adds the member `name` of a mapping.
    mutating func add(_ lines: YAMLLines, _ name: String) { members[name] = lines }

    /// Adds the next element of a sequence.
    mutating func add(_ lines: YAMLLines) { elements.append(lines) }

    /// The line of what the JSON pointer (RFC 6901) `pointer` leads to, or of the nearest value
    /// that contains it.
    func line(of pointer: String) -> Int {
        var found = self
        // By bytes: a combining mark after a slash would hide it from a split by characters.
        for token in pointer.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        ).dropFirst() {
            let name = String(Substring(token))
            if let member = found.members[name.fromPointerToken] {
                found = member
            } else if let index = Int(name), found.elements.indices.contains(index) {
                found = found.elements[index]
            } else {
                break
            }
        }
        return found.line
    }
}
