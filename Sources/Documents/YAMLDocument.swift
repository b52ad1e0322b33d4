internal import Yams

/// A YAML document as a JSON value that remembers its lines, so that a schema's finding can name
/// one.
///
/// Strict where YAML is lax: one document, string keys, no duplicates, no aliases, no tags, YAML
/// 1.2's numbers and truth values.
package struct YAMLDocument: Sendable {
    package let json: JSON
    private let path: String
    /// The line of each value.
    private let lines: YAMLLines
    /// Values that are words even where they look like numbers: codes such as 80E1.
    private static let words: Set<[String]> = [["train", "code"]]
    /// Deeper nesting is refused, as in JSON.
    private static let maximumDepth = 64

    /// Reads the bytes of a file, UTF-8 with or without a byte order mark.
    package init(_ bytes: [UInt8], path: String) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = 1 + YAMLDocument.validPrefix(of: bytes).count { $0 == 10 }
            throw DocumentError(
                .schema, "\(path):\(line): is not UTF-8: save the file in that encoding")
        }
        try self.init(text, path: path)
    }

    package init(_ text: String, path: String) throws {
        self.path = path
        // YAML 1.2, 5.2: a document may begin with a byte order mark, which is no part of it.
        let text =
            text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        try YAMLDocument.refuseManyAliases(text, path: path)
        let root: Node?
        do {
            var nodes = try Yams.compose_all(yaml: text)
            // The parser must not be asked again after an error.
            root = nodes.next()
            if let error = nodes.error { throw error }
            let second = nodes.next()
            if let error = nodes.error { throw error }
            if second != nil {
                throw DocumentError(
                    .schema, "\(path): holds more than one YAML document; a pipeline is one")
            }
        } catch let error as YamlError {
            throw DocumentError(.schema, YAMLDocument.describe(error, path: path))
        }
        guard let root else {
            throw DocumentError(
                .schema, "\(path): is empty; see pipelines/ for examples of a pipeline")
        }
        var order = Order(tags: TagPlaces(text))
        var lines = YAMLLines(root.mark?.line ?? 1)
        json = try YAMLDocument.value(root, at: [], path: path, lines: &lines, order: &order)
        self.lines = lines
    }

    /// Refuses more than a few words that look like aliases, before the parser puts a copy of what
    /// each names in its place: to compare keys it goes through all copies, and sixty lines can
    /// stand for 2⁶⁰ of them.
    private static func refuseManyAliases(_ text: String, path: String) throws {
        var (aliases, anchors, line) = (0, 0, 1)
        var before = UInt8(ascii: " ")
        for byte in text.utf8 {
            // Such a word begins with * or &, after a space or a bracket; a text may have some that
            // are none.
            let begins = [0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x3A, 0x3F, 0x5B, 0x7B].contains(before)
            if begins, byte == UInt8(ascii: "*") { aliases += 1 }
            if begins, byte == UInt8(ascii: "&") { anchors += 1 }
            if aliases > 16, anchors > 0 { throw Order.alias(line, path: path) }
            if byte == 0x0A { line += 1 }
            before = byte
        }
    }

    /// What is wrong, and where, on one line.
    private static func describe(_ error: YamlError, path: String) -> String {
        switch error {
        case .duplicatedKeysInMapping(let keys, let context):
            "\(path):\(context.mark.line): the key '\((keys.first ?? "").shortened)' is there "
                + "twice, here for the first time"
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(path):\(mark.line): is not valid YAML: \(problem) at column \(mark.column)"
        case .reader(let problem, _, _, _): "\(path): is not valid YAML: \(problem)"
        default: "\(path): is not valid YAML: \(error)"
        }
    }

    /// The line of what the JSON pointer `pointer` leads to, or of the nearest member that contains
    /// it.
    package func line(of pointer: String) -> Int { lines.line(of: pointer) }

    /// Checks the document against the schema called `name`.
    package func check(against name: String) throws {
        let violations = try Schema.named(name).violations(in: json)
        guard !violations.isEmpty else { return }
        let lines = violations.prefix(8).map { violation in
            let key = violation.path.dropFirst().replacing("/", with: ".")
            let unknown = violation.unknownKey.map { "/" + $0.asPointerToken }
            let place = violation.path + (unknown ?? "")
            return "\(path):\(line(of: place)): "
                + "\(key.isEmpty ? "" : "\(key): ")\(violation.message)"
        }
        throw DocumentError(.schema, lines.joined(separator: "\n"))
    }

    /// The value of `node`, whose keys and indices from the root are `place`; `lines` become those
    /// of what it holds.
    private static func value(
        _ node: Node, at place: [String], path: String, lines: inout YAMLLines,
        order: inout Order
    ) throws -> JSON {
        let line = node.mark?.line ?? 1
        guard place.count < maximumDepth || node.scalar != nil else {
            throw DocumentError(
                .schema, "\(path):\(line): is nested deeper than \(maximumDepth) levels")
        }
        try order.check(node, path: path)
        switch node {
        case .mapping(let mapping):
            var members: [String: JSON] = [:]
            for (key, value) in mapping {
                try order.checkTag(of: key, path: path)
                // A member's line is that of its key.
                let line = key.mark?.line ?? line
                guard let name = key.string else {
                    throw DocumentError(.schema, "\(path):\(line): keys must be plain words")
                }
                guard members[name] == nil else {
                    throw DocumentError(
                        .schema, "\(path):\(line): the key '\(name.shortened)' is there twice")
                }
                var inner = YAMLLines(line)
                members[name] = try self.value(
                    value, at: place + [name], path: path, lines: &inner, order: &order)
                lines.add(inner, name)
            }
            return .object(members)
        case .sequence(let sequence):
            var values: [JSON] = []
            for (index, value) in sequence.enumerated() {
                var inner = YAMLLines(value.mark?.line ?? line)
                values.append(
                    try self.value(
                        value, at: place + ["\(index)"], path: path, lines: &inner,
                        order: &order))
                lines.add(inner)
            }
            return .array(values)
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any, !words.contains(place) else {
                return .string(scalar.string)
            }
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": return .null
            case "true", "True", "TRUE": return .bool(true)
            case "false", "False", "FALSE": return .bool(false)
            default: break
            }
            // YAML 1.2's core schema; Double would also take 0x10, nan and inf.
            let plain = scalar.string.allSatisfy {
                $0.isASCII && ($0.isNumber || "+-.eE".contains($0))
            }
            if plain, let number = Double(scalar.string) {
                guard number.isFinite else {
                    throw DocumentError(
                        .schema,
                        "\(path):\(line): the number \(scalar.string.shortened) is too large")
                }
                return .number(number)
            }
            return .string(scalar.string)
        case .alias: throw Order.alias(line, path: path)
        }
    }

    /// Finds aliases. The parser puts a copy of what an alias names in its place, so that a few
    /// lines could stand for billions of values; a copy keeps its place in the file, which is then
    /// before what was read last.
    private struct Order {
        let tags: TagPlaces
        private var scalar = (line: 0, column: 0)
        private var container = (line: 0, column: 0)

        init(tags: TagPlaces) { self.tags = tags }

        mutating func check(_ node: Node, path: String) throws {
            guard let mark = node.mark else { return }
            try checkTag(of: node, path: path)
            let place = (line: mark.line, column: mark.column)
            if case .scalar = node {
                // A block mapping starts where its first key does.
                guard place > scalar, place >= container else {
                    throw Order.alias(mark.line, path: path)
                }
                scalar = place
            } else {
                guard place >= scalar, place > container else {
                    throw Order.alias(mark.line, path: path)
                }
                container = place
            }
        }

        /// Refuses a node that says its type.
        func checkTag(of node: Node, path: String) throws {
            guard let mark = node.mark, tags.startNode(at: mark) else { return }
            throw DocumentError(
                .schema,
                "\(path):\(mark.line): what stands here has a tag (it begins with '!'); tags are "
                    + "not supported: write the value alone, a text in quotes")
        }

        static func alias(_ line: Int, path: String) -> DocumentError {
            DocumentError(
                .schema,
                "\(path):\(line): what stands here has an alias; aliases are not supported: write "
                    + "the value out")
        }
    }
}

/// Where a document's nodes have tags, found in its text: the parser gives `!!str "7"` and `"7"`
/// the same tag.
///
/// A node starts where its first property does, and nothing but a tag (`!`) or an anchor (`&`) and
/// then a tag begins like one.
private struct TagPlaces {
    /// The lines, broken where libyaml breaks them.
    private let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        var lines: [[Unicode.Scalar]] = [[]]
        var last: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            last = scalar
        }
        self.lines = lines
    }

    /// Whether the node that starts at `mark` has a tag.
    func startNode(at mark: Mark) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        var rest = lines[mark.line - 1].dropFirst(mark.column - 1)
        if rest.first == "&" {
            rest = rest.drop { $0 != " " && $0 != "\t" }.drop { $0 == " " || $0 == "\t" }
        }
        return rest.first == "!"
    }
}

extension YAMLDocument {
    /// The bytes before the first that is not UTF-8.
    private static func validPrefix(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        // Whole lines are tried, as a line feed is no part of a longer character.
        var start = 0
        while let feed = bytes[start...].firstIndex(of: 10) {
            guard String(validating: bytes[start..<feed], as: UTF8.self) != nil else { break }
            start = feed + 1
        }
        return bytes[..<start]
    }
}
