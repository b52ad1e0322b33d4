/// A JSON Schema (2020-12), of the subset that this program's own schemas use.
///
/// Supported are type, properties, required, additionalProperties, propertyNames,
/// min/maxProperties, items, prefixItems, min/maxItems, uniqueItems, enum, const, minimum, maximum,
/// their exclusive forms, min/maxLength, pattern, `$ref` to `#/$defs/…`, oneOf, anyOf, allOf, not,
/// if/then/else. A schema with any other keyword does not load.
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
    package let root: SchemaNode
    package let definitions: [String: SchemaNode]

    /// Loads a schema.
    ///
    /// - Throws: `DocumentError` with code `.schema` where a keyword is unknown or malformed, with
    ///   its place.
    public init(_ json: JSON, name: String) throws(DocumentError) {
        var loader = SchemaLoader(name: name, definitions: Set((json["$defs"]?.object ?? [:]).keys))
        self.name = name
        root = try loader.node(json, at: "")
        definitions = loader.loaded
    }

    /// Names of the schemas that are part of this program.
    public static var names: [String] { embedded.keys.sorted() }

    /// Loads a schema that is part of this program.
    ///
    /// - Throws: `DocumentError` with code `.notFound` where there is none of that name.
    public static func named(_ name: String) throws(DocumentError) -> Schema {
        guard let bytes = embedded[name] else {
            throw DocumentError(
                .unknownSchema,
                "there is no schema '\(name)'; there are " + "\(names.joined(separator: ", "))")
        }
        return try Schema(try JSON.parse(bytes, source: "schemas/\(name).schema.json"), name: name)
    }

    /// Every file of `schemas/` by its name without `.schema.json`; a test compares the two.
    private static var embedded: [String: [UInt8]] {
        [
            "bench": PackageResources.bench_schema_json,
            "configuration": PackageResources.configuration_schema_json,
            "export": PackageResources.export_schema_json,
            "manifest": PackageResources.manifest_schema_json,
            "manifest-evaluate": PackageResources.manifest_evaluate_schema_json,
            "manifest-resample": PackageResources.manifest_resample_schema_json,
            "manifest-pack": PackageResources.manifest_pack_schema_json,
            "manifest-sample": PackageResources.manifest_sample_schema_json,
            "manifest-solve": PackageResources.manifest_solve_schema_json,
            "manifest-split": PackageResources.manifest_split_schema_json,
            "manifest-train": PackageResources.manifest_train_schema_json,
            "pipeline": PackageResources.pipeline_schema_json,
            "plan": PackageResources.plan_schema_json,
            "provenance": PackageResources.provenance_schema_json,
            "step": PackageResources.step_schema_json, "tags": PackageResources.tags_schema_json,
        ]
    }

    /// Returns everything in `json` that is not as the schema asks; empty where it is valid.
    public func violations(in json: JSON) -> [Violation] {
        SchemaCheck(schema: self).findings(root, json, path: "", references: 0).map {
            Violation(path: $0.path, message: $0.message, unknownKey: $0.unknownKey)
        }
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
