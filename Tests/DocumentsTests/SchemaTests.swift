import Documents
import Foundation
import Testing

struct SchemaTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: String
        let instance: String
        let violations: [String]
        var testDescription: String { "\(instance) against \(schema)" }
        init(_ schema: String, _ instance: String, _ violations: String...) {
            self.schema = schema
            self.instance = instance
            self.violations = violations
        }
    }

    static let shapes = #"""
        {"oneOf":[{"type":"number","exclusiveMinimum":0},
        {"type":"object","required":["kind"],"additionalProperties":false,
        "properties":{"kind":{"const":"uniform"},"low":{"type":"number"},"high":{"type":"number"}}},
        {"type":"object","required":["kind"],"additionalProperties":false,
        "properties":{"kind":{"enum":["fixed","listed"]},"radius":{"type":"number","exclusiveMinimum":0}}}]}
        """#

    static let cases: [Case] = [
        Case(#"{"type":"integer"}"#, "3"), Case(#"{"type":"integer"}"#, "3.0"),
        Case(#"{"type":"integer"}"#, "3.5", "is 3.5, must be an integer"),
        Case(#"{"type":["string","null"]}"#, "null"),
        Case(#"{"type":["string","null"]}"#, "1", "is 1, must be a string or null"),
        Case(#"{"type":"boolean"}"#, "0", "is 0, must be true or false"),
        Case(#"{"exclusiveMinimum":0}"#, "0", "is 0, must be above 0"),
        Case(#"{"minimum":0}"#, "0"), Case(#"{"minimum":1}"#, "0", "is 0, must be at least 1"),
        Case(#"{"maximum":1}"#, "2", "is 2, must be at most 1"),
        Case(#"{"minimum":1e-30,"exclusiveMinimum":0}"#, "-1", "is -1, must be at least 1e-30"),
        Case(#"{"maximum":3,"allOf":[{"maximum":2}]}"#, "4", "is 4, must be at most 2"),
        Case(#"{"exclusiveMaximum":1}"#, "1", "is 1, must be below 1"),
        Case(#"{"minimum":1}"#, "\"a\""),
        Case(#"{"minLength":2}"#, "\"é\"", "has 1 characters, must have at least 2"),
        Case(#"{"maxLength":1}"#, "\"é\""),
        Case(#"{"minItems":1}"#, "[]", "has 0 elements, must have at least 1"),
        Case(#"{"maxItems":1}"#, "[1,2]", "has 2 elements, must have at most 1"),
        Case(#"{"minProperties":1}"#, "{}", "has 0 keys, must have at least 1"),
        Case(#"{"maxProperties":0}"#, #"{"a":1}"#, "has 1 keys, must have at most 0"),
        Case(#"{"uniqueItems":true}"#, "[1,1.0]", "has two equal elements"),
        Case(#"{"uniqueItems":true}"#, "[1,\"1\"]"), Case(#"{"pattern":"b+"}"#, "\"abbc\""),
        Case(#"{"pattern":"^b+$"}"#, "\"abbc\"", "is 'abbc', must match ^b+$"),
        Case(
            #"{"enum":["max","sum"]}"#, "\"smu\"",
            "is 'smu', must be one of 'max', 'sum': did you mean 'sum'?"),
        Case(#"{"const":1}"#, "2", "is 2, must be 1"),
        Case(
            #"{"required":["a"],"properties":{"a":{}},"additionalProperties":false}"#, #"{"b":1}"#,
            "missing key 'a'", "unknown key 'b': did you mean 'a'?"),
        Case(
            #"{"properties":{"sampling":{"properties":{"radius":{"exclusiveMinimum":0},"count":{}},"additionalProperties":false}}}"#,
            #"{"sampling":{"radus":5}}"#, "/sampling: unknown key 'radus': did you mean 'radius'?"),
        Case(
            #"{"properties":{"sampling":{"properties":{"radius":{"exclusiveMinimum":0}}}}}"#,
            #"{"sampling":{"radius":0}}"#, "/sampling/radius: is 0, must be above 0"),
        Case(
            #"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"unrelated":5}"#,
            "unknown key 'unrelated'; there are 'a'"),
        Case(
            #"{"additionalProperties":{"type":"null"}}"#, #"{"a/b~":1}"#,
            "/a~1b~0: is 1, must be null"),
        Case(
            #"{"propertyNames":{"pattern":"^[a-z]+$"}}"#, #"{"A":1}"#,
            "the key 'A' is 'A', must match ^[a-z]+$"),
        Case(#"{"items":{"type":"null"}}"#, "[null,1]", "/1: is 1, must be null"),
        Case(
            #"{"prefixItems":[{"type":"null"}],"items":false}"#, "[null,1]",
            "/1: is 1, nothing is allowed here"),
        Case(#"{"prefixItems":[{"type":"null"}]}"#, "[null,1]"),
        Case(
            ##"{"$ref":"#/$defs/list","$defs":{"list":{"items":{"$ref":"#/$defs/list"},"type":"array"}}}"##,
            "[[],[[1]]]", "/1/0/0: is 1, must be an array"),
        Case(
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}"##, "1",
            "cannot be checked: the schema's definition 'a' refers to itself"),
        Case(
            #"{"type":["number","null"],"minimum":1,"allOf":[{"minimum":1}]}"#, "0",
            "is 0, must be at least 1"),
        Case(
            #"{"allOf":[{"minimum":1},{"maximum":0}]}"#, "0.5", "is 0.5, must be at least 1",
            "is 0.5, must be at most 0"), Case(#"{"anyOf":[{"type":"null"},{"minimum":1}]}"#, "2"),
        Case(#"{"anyOf":[{"type":"null"},{"minimum":1}]}"#, "0", "is 0, must be at least 1"),
        Case(
            #"{"oneOf":[{"minimum":1},{"minimum":2}]}"#, "2",
            "fits more than one of the forms that are allowed"),
        Case(#"{"not":{"type":"null"}}"#, "null", "is null, which is not allowed"),
        Case(#"{"not":{"type":"null"}}"#, "1"),
        Case(
            #"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#,
            #"{"a":1}"#, "missing key 'b'"),
        Case(
            #"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#, "{}",
            "missing key 'c'"),
        Case(
            #"{"title":"t","description":"d","default":1,"examples":[1],"deprecated":true,"$comment":"c"}"#,
            "1"), Case("false", "1", "is 1, nothing is allowed here"), Case("true", "1"),
        Case(shapes, "2"), Case(shapes, "-1", "is -1, must be above 0"),
        Case(shapes, "\"a\"", "is 'a', must be a number or an object"),
        Case(shapes, #"{"kind":"uniform","low":1,"high":2}"#),
        Case(
            shapes, #"{"kind":"uniform","lo":1,"high":"x"}"#, "/high: is 'x', must be a number",
            "unknown key 'lo': did you mean 'low'?"),
        Case(shapes, #"{"kind":"fixed","radius":0}"#, "/radius: is 0, must be above 0"),
        Case(
            shapes, #"{"kind":"unifrom"}"#,
            "/kind: is 'unifrom', must be one of 'uniform', 'fixed', 'listed': did you mean "
                + "'uniform'?"),
    ]

    @Test(arguments: cases) func table(_ test: Case) throws {
        let schema = try Schema(try JSONTests.parse(test.schema), name: "test")
        let instance = try JSONTests.parse(test.instance)
        #expect(schema.violations(in: instance).map(\.description) == test.violations)
        let isAccepted = SchemaCheck(schema: schema).accepts(
            schema.nodes[0], instance, references: 0)
        #expect(isAccepted == test.violations.isEmpty)
    }

    @Test(arguments: [
        (#"{"properties":{"a":{"minLenght":1}}}"#, "/properties/a has the keyword 'minLenght'"),
        (#"{"type":"float"}"#, "/type is not a type"),
        (##"{"$ref":"#/$defs/b","$defs":{"a":{}}}"##, "/$ref does not name"),
        (#"{"pattern":"("}"#, "/pattern is not a regular expression"),
        (#"{"then":{}}"#, "/then needs an 'if'"), (#"{"items":[{}]}"#, "/items is not an object"),
        (#"{"minItems":-1}"#, "/minItems is not " + "a count"),
        (
            #"{"additionalProperties":{"x":1},"properties":{}}"#,
            "/additionalProperties has the keyword 'x'"
        ), ("1", "the root"),
    ]) func schemasThatDoNotLoad(_ text: String, _ part: String) throws {
        let error = #expect(throws: DocumentError.self) {
            try Schema(try JSONTests.parse(text), name: "test")
        }
        #expect(error?.code == .schema)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    private static func schema(_ text: String, _ files: [String: String]) throws -> Schema {
        let files = try files.mapValues(JSONTests.parse)
        return try Schema(try JSONTests.parse(text), name: "test") { files[$0] }
    }

    /// References lead to places of other files, whole files, and back.
    @Test func referencesOverFiles() throws {
        let files = [
            "tree": ##"""
            {"type":"object","properties":{"left":{"$ref":"tree.json"},"leaf":{"$ref":"#/$defs/leaf"},
            "root":{"$ref":"test.json#/properties/a"}},"additionalProperties":false,
            "$defs":{"leaf":{"type":"integer"}}}
            """##
        ]
        let schema = try Self.schema(
            ##"{"properties":{"a":{"$ref":"tree.json","minProperties":1},"b":{"$ref":"tree.json#/$defs/leaf"}}}"##,
            files)
        func found(_ text: String) throws -> [String] {
            schema.violations(in: try JSONTests.parse(text)).map(\.description)
        }
        #expect(try found(#"{"a":{"left":{"left":{"leaf":1}}},"b":2}"#) == [])
        #expect(
            try found(#"{"a":{},"b":"x"}"#) == [
                "/a: has 0 keys, must have at least 1", "/b: is 'x', must be an integer",
            ])
        #expect(
            try found(#"{"a":{"left":{"root":{}}}}"#) == [
                "/a/left/root: has 0 keys, must have at least 1"
            ])
        for reference in ["none.json", "tree.json#/$defs/x", "#/$defs/leaf", "tree.json#leaf"] {
            let error = #expect(throws: DocumentError.self) {
                try Self.schema(#"{"$ref":"\#(reference)"}"#, files)
            }
            #expect(error?.message.contains("'test' is wrong: /$ref does not name") == true)
        }
        // What is wrong in another file is said with its name.
        let error = #expect(throws: DocumentError.self) {
            try Self.schema(#"{"$ref":"bad.json"}"#, ["bad": #"{"items":{"typ":1}}"#])
        }
        #expect(error?.message.contains("'bad' is wrong: /items has the keyword 'typ'") == true)
    }

    /// Definitions that refer to each other in a circle end, in checks and in defaults.
    @Test func circlesEnd() throws {
        let schema = try Self.schema(
            #"{"$ref":"other.json"}"#, ["other": #"{"$ref":"test.json"}"#])
        let found = schema.violations(in: .integer(1))
        #expect(
            found.map(\.message) == [
                "cannot be checked: the schema's definition 'other' refers to itself"
            ]
                || found.map(\.message) == [
                    "cannot be checked: the schema's definition 'test' refers to itself"
                ])
        #expect(schema.filled(.integer(1)) == .integer(1))
        // A default that holds itself is as deep as the document, not deeper.
        let deep = try Self.schema(
            ##"{"properties":{"a":{"$ref":"#","default":1}}}"##, [:])
        #expect(deep.filled(.object([:])) == .object(["a": .integer(1)]))
    }

    /// A schema, a document, and the document with its defaults.
    @Test(arguments: [
        (#"{"properties":{"a":{"default":1},"b":{}}}"#, "{}", #"{"a":1}"#),
        (#"{"properties":{"a":{"default":1}}}"#, #"{"a":null}"#, #"{"a":null}"#),
        (#"{"properties":{"a":{"default":null}}}"#, "{}", #"{"a":null}"#),
        (#"{"properties":{"a":{"default":1}}}"#, "[]", "[]"),
        (
            #"{"properties":{"a":{"default":{},"properties":{"b":{"default":2}}}}}"#, "{}",
            #"{"a":{"b":2}}"#
        ),
        (
            ##"{"items":{"$ref":"#/$defs/x"},"$defs":{"x":{"properties":{"a":{"default":1}}}}}"##,
            #"[{},{"a":2}]"#, #"[{"a":1},{"a":2}]"#
        ),
        (
            #"{"oneOf":[{"type":"null"},{"required":["a"],"properties":{"b":{"default":1}}},{"required":["c"],"properties":{"d":{"default":1}}}]}"#,
            #"{"c":0}"#, #"{"c":0,"d":1}"#
        ),
        (
            #"{"properties":{"k":{"default":"x"}},"allOf":[{"if":{"properties":{"k":{"const":"x"}}},"then":{"properties":{"a":{"default":1}}},"else":{"properties":{"b":{"default":2}}}}]}"#,
            "{}", #"{"a":1,"k":"x"}"#
        ),
        (
            #"{"if":{"required":["k"]},"else":{"properties":{"b":{"default":2}}}}"#, #"{"k":1}"#,
            #"{"k":1}"#
        ),
    ]) func defaults(_ schema: String, _ document: String, _ filled: String) throws {
        let schema = try Self.schema(schema, [:])
        #expect(try schema.filled(try JSONTests.parse(document)) == JSONTests.parse(filled))
        #expect(try schema.filled(try JSONTests.parse(filled)) == JSONTests.parse(filled))
    }

    /// Every default is of the form that its schema asks for, and a filled document stays valid.
    @Test func defaultsAreValid() throws {
        for (name, least) in [
            ("pipeline", #"{"format":1,"name":"a","physics":{"lattice":[32,32]}}"#),
            ("physics", #"{"lattice":[32,32],"sources":"emitting"}"#), ("solver", "{}"),
            ("split", "{}"), ("sampling", #"{"strata":[1],"samples_per_stratum":1,"seed":1}"#),
            ("training", #"{"model":{"kind":"u-net"},"prefactor":{"draw":{}}}"#),
            ("curation", #"{"add":1,"neighbours":{},"score":"variance","acquisition":"power"}"#),
        ] {
            let schema = try Schema.named(name)
            let filled = schema.filled(try JSONTests.parse(least))
            #expect(schema.violations(in: filled) == [], "\(name): \(filled.canonicalText)")
            #expect(schema.filled(filled) == filled)
        }
    }

    /// Rows of sets, which are compared byte by byte, and others: a pattern in a group is none.
    @Test(arguments: [
        "^[0-9a-f]{4}$", "^[A-Za-z0-9][A-Za-z0-9._-]{0,3}$", "^[a-z][a-z-]*$", "^a[0-9]+$",
        "^[A-Za-z0-9_]{1,3}$", "^ab?$", "^[a-z]*b$", "^[^a]$", "^[a-z]{2}[0-9]{1,2}$", "[a-c]",
        "^(a|b)$", "^a.c$",
    ]) func patternsAreThoseOfRegularExpressions(_ text: String) throws {
        let plain = try #require(SchemaPattern(text))
        let group = try #require(SchemaPattern("(?:\(text))"))
        let parts = ["a", "b", "f", "g", "0", "9", "_", "-", ".", "A", "é", "c", " ", ""]
        for first in parts {
            for second in parts {
                for third in parts {
                    let string = first + second + third + first
                    #expect(plain.matches(string) == group.matches(string), "\(string)")
                }
            }
        }
    }

    @Test func schemasAreCompiledOnceForAllThreads() async throws {
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    try? Schema.named("pipeline").violations(in: .object([:])).count
                }
            }
            for await count in group { #expect(count == 3) }
        }
    }

    @Test func everyFileIsEmbeddedAndLoads() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../schemas").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".schema.json")
        }
        #expect(Schema.names == files.map { String($0.dropLast(".schema.json".count)) }.sorted())
        for name in Schema.names {
            _ = try Schema.named(name)
            let file = URL(fileURLWithPath: "\(folder)/\(name).schema.json")
            let json = try JSON.parse([UInt8](try Data(contentsOf: file)), source: name)
            #expect(json["$id"] == .string("https://steadyset.invalid/schemas/\(name).json"))
        }
        #expect(try code { _ = try Schema.named("nothing") } == .unknownSchema)
    }

    @Test func editDistances() {
        #expect(EditDistance.between("kitten", "sitting") == 3)
        #expect(EditDistance.between("", "abc") == 3)
        #expect(EditDistance.between("sum", "smu") == 1)
        #expect(EditDistance.nearest(to: "radus", among: ["value", "radius"]) == "radius")
        #expect(EditDistance.nearest(to: "zzz", among: ["value", "radius"]) == nil)
    }
}
