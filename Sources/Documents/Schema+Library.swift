internal import Synchronization

extension Schema {
    /// Names of the schemas that are part of this program.
    public static var names: [String] {
        EmbeddedFiles.names.filter { $0.hasSuffix(suffix) }.map {
            String($0.dropLast(suffix.count))
        }
        .sorted()
    }

    /// Returns a schema that is part of this program; each is compiled once.
    ///
    /// - Throws: `DocumentError` with code `.unknownSchema` where there is none of that name.
    public static func named(_ name: String) throws(DocumentError) -> Schema {
        if let schema = compiled.withLock({ $0[name] }) { return schema }
        guard let json = try document(name) else {
            throw DocumentError(
                .unknownSchema,
                "there is no schema '\(name)'; there are \(names.joined(separator: ", "))")
        }
        let schema = try Schema(json, name: name, file: document)
        // Where two threads came here at once, both compiled the same.
        compiled.withLock { $0[name] = schema }
        return schema
    }

    /// Returns `json` with the defaults of the schema called `name`, which is part of this program.
    package static func filled(_ json: JSON, by name: String) -> JSON {
        guard let schema = try? named(name) else { preconditionFailure("no schema \(name)") }
        return schema.filled(json)
    }

    private static let suffix = ".schema.json"

    private static let compiled = Mutex<[String: Schema]>([:])

    /// The file of a schema that is part of this program; nil where there is none of that name.
    static func document(_ name: String) throws(DocumentError) -> JSON? {
        guard let bytes = EmbeddedFiles.bytes(of: name + suffix) else { return nil }
        return try JSON.parse(bytes, source: "schemas/\(name)\(suffix)")
    }
}
