import Datasets
import Documents
import Fields
import Foundation
import Pipeline

/// JSON: what is written of it is read as the same, and another parser agrees.
struct JSONLaw: ParserLaw {
    static let name = "json"

    func check(_ bytes: [UInt8]) throws {
        let json = try JSON.parse(bytes, source: "f")
        for form in [json.canonicalBytes, json.prettyBytes] {
            let again = try JSON.parse(form, source: "again")
            try require(again == json, "a written document is another one")
            try require(again.canonicalBytes == json.canonicalBytes, "two canonical forms")
        }
        try require(
            try JSON.parse(line: bytes[...], number: 1, source: "f") == json,
            "a line is another document")
        let other = try? JSONSerialization.jsonObject(
            with: Data(bytes), options: .fragmentsAllowed)
        try require(other.map { JSONLaw.equal(json, $0) } == true, "Foundation reads another value")
    }

    /// Whether Foundation's value is the same.
    private static func equal(_ json: JSON, _ other: Any) -> Bool {
        switch json {
        case .null: other is NSNull
        case .bool(let value): other as? Bool == value
        // Foundation rounds some numbers twice.
        case .number(let value):
            (other as? NSNumber).map { abs($0.doubleValue - value) <= 1e-12 * abs(value) } ?? false
        case .string(let value): other as? String == value
        case .array(let values):
            (other as? [Any]).map { others in
                others.count == values.count && zip(values, others).allSatisfy { equal($0, $1) }
            } ?? false
        case .object(let members):
            (other as? [String: Any]).map { others in
                others.count == members.count
                    && members.allSatisfy { key, value in
                        others[key].map { equal(value, $0) } ?? false
                    }
            } ?? false
        }
    }
}

extension Schema {
    /// A document is accepted where there is nothing to say against it.
    func requireAgreement(on json: JSON) throws {
        let check = SchemaCheck(schema: self)
        let findings = check.findings(nodes[0], json, path: "", references: 0)
        try require(
            check.accepts(nodes[0], json, references: 0) == findings.isEmpty,
            "'\(name)' accepts what it has \(findings.count) findings against")
    }
}

/// Small documents: any schema says what it has against any of them, in few words; what a schema
/// accepts is read.
struct RecordsLaw: ParserLaw {
    static let name = "records"

    /// Those of the documents that others' laws do not read.
    private static let schemas = [
        "bench", "export", "log", "metrics", "plan", "progress", "provenance", "status", "step",
        "tags",
    ]

    func check(_ bytes: [UInt8]) throws {
        let json = try JSON.parse(bytes, source: "f")
        var failure: DocumentError?
        for name in RecordsLaw.schemas {
            let schema = try Schema.named(name)
            try schema.requireAgreement(on: json)
            let violations = schema.violations(in: json)
            try require(violations.count <= 1000, "'\(name)' has \(violations.count) findings")
            for violation in violations {
                try require(
                    violation.message.utf8.count < 10_000 && violation.path.utf8.count < 20_000,
                    "'\(name)' says too much")
            }
        }
        do { try Schema.named("progress").check(json, source: "f") } catch { failure = error }
        if failure == nil {
            let progress = try RunProgress(json, source: "f")
            let again = try RunProgress(progress.json, source: "again")
            try require(again.json == progress.json, "progress is another after it was written")
        }
        if let metrics = EpochMetrics(json: json) {
            let line = EpochMetrics.lines([metrics]).dropLast()
            let again = EpochMetrics(json: try JSON.parse(Array(line), source: "again"))
            try require(again == metrics, "an epoch is another after it was written")
        }
        for name in (json.object ?? [:]).keys { try? Versions.check(tag: name) }
        if let failure { throw failure }
    }
}

/// YAML: strict, and the same values when they are written in YAML's form of JSON.
struct YAMLLaw: ParserLaw {
    static let name = "yaml"

    func check(_ bytes: [UInt8]) throws {
        let document = try YAMLDocument(bytes, path: "f")
        let json = document.json
        try? document.check(against: "pipeline")
        try require(document.line(of: "/physics/lattice/0") >= 1, "a line below 1")
        // A pipeline goes into manifests, as JSON.
        let stored = try JSON.parse(json.canonicalBytes, source: "stored")
        try require(stored == json, "what is stored is another document")
        // A key of more bytes has another form in YAML.
        guard YAMLLaw.longestKey(json) <= 100 else { return }
        let again = try YAMLDocument(YAMLLaw.text(json), path: "again").json
        try require(again == json, "a written document is another one: \(json) and \(again)")
    }

    private static func longestKey(_ json: JSON) -> Int {
        switch json {
        case .array(let values): values.map(longestKey).max() ?? 0
        case .object(let members): members.map { max($0.utf8.count, longestKey($1)) }.max() ?? 0
        default: 0
        }
    }

    /// The document in flow style, a value a line, everything but printable ASCII escaped.
    private static func text(_ json: JSON) -> String {
        switch json {
        case .null, .bool, .number: json.canonicalText
        case .string(let text): quoted(text)
        case .array(let values): "[" + values.map { text($0) + ",\n" }.joined() + "]"
        case .object(let members):
            "{" + members.map { "\(quoted($0)): \(text($1)),\n" }.joined() + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\""
            + text.unicodeScalars.map { scalar in
                guard scalar.value < 0x20 || scalar.value > 0x7E || scalar == "\"" || scalar == "\\"
                else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }.joined() + "\""
    }
}

/// Pipeline files: read into types, or refused with file and line.
struct PipelineLaw: ParserLaw {
    static let name = "pipeline"

    func check(_ bytes: [UInt8]) throws {
        let file = try PipelineFile(text: String(decoding: bytes, as: UTF8.self), path: "f")
        let physics = try Physics(json: file.physics.json)
        try require(physics == file.physics, "the physics is another after it was written")
    }
}
