/// A JSON Schema (2020-12), of the subset that this program's own schemas use.
///
/// Supported are type, properties, required, additionalProperties, propertyNames,
/// min/maxProperties, items, prefixItems, min/maxItems, uniqueItems, enum, const, minimum, maximum,
/// their exclusive forms, min/maxLength, pattern, oneOf, anyOf, allOf, not, if/then/else, and
/// `$ref` to a place in this file or another: `#/$defs/…`, `physics.json`, `physics.json#/$defs/…`.
/// A schema with any other keyword does not load. Of the annotations `default` is used, by
/// `filled`.
public struct Schema: Sendable {
    /// One way in which a document is not of the form that a schema asks for.
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        /// Where, as a JSON pointer (RFC 6901): "/sampling/radius", "" for the whole document.
        public let path: String
        /// What was found, and what must be there.
        public let message: String
        /// The key of the value at `path` that no schema knows, where that is what is wrong.
        public let unknownKey: String?

        /// The path, where it is not the whole document, and the message.
        public var description: String { path.isEmpty ? message : "\(path): \(message)" }
    }

    /// What messages call the schema.
    public let name: String
    /// The schema itself, and then everything that a `$ref` leads to.
    package let nodes: [SchemaNode]

    /// Loads a schema.
    ///
    /// - Parameters:
    ///   - name: its file's name, before `.json`.
    ///   - file: gives the other files that it refers to by their names, or nil where there is
    ///     none.
    /// - Throws: `DocumentError` with code `.schema` where a keyword is unknown or malformed, or a
    ///   reference leads nowhere, with its place; what `file` throws.
    public init(
        _ json: JSON, name: String,
        file: @escaping (String) throws(DocumentError) -> JSON? = { _ in nil }
    ) throws(DocumentError) {
        var loader = SchemaLoader(json, name: name, file: file)
        self.name = name
        nodes = try loader.load()
    }

    /// Returns everything in `json` that is not as the schema asks; empty where it is valid.
    public func violations(in json: JSON) -> [Violation] {
        let check = SchemaCheck(schema: self)
        guard !check.accepts(nodes[0], json, references: 0) else { return [] }
        // What two keywords of one place find is said once.
        var found: Set<Violation> = []
        return check.findings(nodes[0], json, path: "", references: 0).map {
            Violation(path: $0.path, message: $0.message, unknownKey: $0.unknownKey)
        }.filter { found.insert($0).inserted }
    }

    /// Checks `json`.
    ///
    /// - Parameter source: what the message calls the document, a file's path as a rule.
    /// - Throws: `DocumentError` with code `.schema`, whose message lists up to eight violations.
    public func check(_ json: JSON, source: String) throws(DocumentError) {
        let violations = violations(in: json)
        guard !violations.isEmpty else { return }
        var lines = violations.prefix(8).map { "\(source): \($0)" }
        if violations.count > 8 { lines.append("… and \(violations.count - 8) more") }
        throw DocumentError(.schema, lines.joined(separator: "\n"), source: source)
    }
}
