import Documents
import Testing

/// YAML documents know the lines of what they hold, and are no deeper than JSON.
struct YAMLTests {
    @Test func linesOfPlaces() throws {
        let document = try YAMLDocument(
            """
            a: 1
            b:
              - c: 2
                "d/e~": 3
              - [4,
                 5]
            ? long
            : f: 6
            """, path: "t.yaml")
        for (pointer, line) in [
            ("", 1), ("/a", 1), ("/b", 2), ("/b/0", 3), ("/b/0/c", 3), ("/b/0/d~1e~0", 4),
            ("/b/1/0", 5), ("/b/1/1", 6), ("/long", 7), ("/long/f", 8),
        ] { #expect(document.line(of: pointer) == line, "\(pointer)") }
        // What is not there is in what would hold it.
        for (pointer, line) in [
            ("/z", 1), ("/b/0/z/y", 3), ("/b/7", 2), ("/b/-1", 2), ("/a/0", 1), ("/b/x", 2),
            ("/long/f/", 8),
        ] { #expect(document.line(of: pointer) == line, "\(pointer)") }
    }

    /// The line of a key that no schema knows is found whatever signs it has.
    @Test func linesOfUnknownKeys() throws {
        let document = try YAMLDocument("format: 1\nname: a\n\"x/y~z\": 1\n", path: "t.yaml")
        let error = #expect(throws: DocumentError.self) { try document.check(against: "pipeline") }
        #expect(error?.message.contains("t.yaml:3: unknown key 'x/y~z'") == true)
    }

    @Test(arguments: ["[", "- ", "{a: "]) func depth(_ opening: String) throws {
        let closing = ["[": "]", "{a: ": "}"][opening] ?? ""
        func text(_ levels: Int) -> String {
            String(repeating: opening, count: levels) + "1"
                + String(repeating: closing, count: levels)
        }
        _ = try YAMLDocument(text(64), path: "t.yaml")
        let error = #expect(throws: DocumentError.self) {
            try YAMLDocument(text(65), path: "t.yaml")
        }
        #expect(error?.message.contains("t.yaml:1: is nested deeper than 64 levels") == true)
    }
}
