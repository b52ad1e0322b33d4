import Documents
import Testing

struct JSONTests {
    static func parse(_ text: String) throws -> JSON {
        try JSON.parse(Array(text.utf8), source: "t.json")
    }

    @Test(arguments: [
        ("null", JSON.null), (" [ ] ", .array([])), ("{}", .object([:])), ("-0", .number(0)),
        ("12", .number(12)), ("-1.5e-3", .number(-0.0015)),
        ("123456789012345678", .number(123_456_789_012_345_680)),
        (#""a\u00e9\ud83d\ude00\n\/""#, .string("aé😀\n/")), ("\"é😀\"", .string("é😀")),
        (
            #"{"a":[1,true,{"b":null}]}"#,
            .object(["a": .array([.number(1), .bool(true), .object(["b": .null])])])
        ),
    ]) func documents(_ text: String, _ expected: JSON) throws {
        #expect(try Self.parse(text) == expected)
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends"), ("[1,]", "line 1, column 4: unexpected ']'"),
        ("{\"a\":1,}", "key in double quotes"),
        ("{\"a\":1,\"a\":2}", "line 1, column 8: the key 'a' occurs twice"),
        ("{\"a\":1,\"\\u0061\":2}", "occurs twice"), ("NaN", "unexpected 'N'"),
        ("Infinity", "unexpected 'I'"),
        ("[\n1,\n  1e999]", "line 3, column 3: the number 1e999 is beyond"),
        ("01", "may not start with 0"), ("1.", "where a digit"), ("-", "where a digit"),
        (".5", "unexpected '.'"), ("+1", "unexpected '+'"), ("\"\\ud800\"", "surrogate"),
        ("\"\\udc00\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"),
        ("\"a\tb\"", "control character (code 9)"), ("\"abc", "closing quote"),
        ("\"\\x\"", "unknown escape"), ("1 2", "after the end"),
        ("tru", "only true, false and null"), ("'a'", "unexpected '''"),
        ("\u{FEFF}1", "byte order mark"), ("\"\\u12g4\"", "hexadecimal"),
        ("{\"a\" 1}", "where ':'"), ("[1 2]", "where ','"),
    ]) func syntaxErrors(_ text: String, _ part: String) throws {
        let error = #expect(throws: DocumentError.self) { try Self.parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82, 0x41],
        ] as [[UInt8]]) func invalidUTF8(_ bytes: [UInt8]) throws
    {
        let error = #expect(throws: DocumentError.self) {
            try JSON.parse([0x22] + bytes + [0x22], source: "t")
        }
        #expect(error?.code == .syntax)
        #expect(throws: DocumentError.self) { try JSON.parse([0x22] + bytes, source: "t") }
        #expect(throws: DocumentError.self) { try JSON.parse(bytes, source: "t") }
    }

    @Test func boundsAndLines() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try Self.parse(deep).array?.count == 1)
        #expect(throws: DocumentError.self) { try Self.parse("[" + deep + "]") }
        #expect(throws: DocumentError.self) {
            try Self.parse(String(repeating: "[", count: 1_000_000))
        }
        let error = #expect(throws: DocumentError.self) {
            try JSON.parse(line: Array("xx{\"a\":}".utf8)[2...], number: 17, source: "d.jsonl")
        }
        #expect(error?.message.hasPrefix("d.jsonl, line 17, column 6: ") == true)
        #expect(
            try code { _ = try JSON.parse([0x31, 0x31], source: "t", maximumBytes: 1) } == .tooLarge
        )
    }

    /// What takes most memory a byte is refused before it is taken; what takes most time a byte is
    /// not slow.
    @Test(arguments: ["[0],", "{\"\":0},", "[[[[0]]]],", "0,", "\"0123456789abcdef\","])
    func memoryIsBounded(_ piece: String) throws {
        let count = 24_000_000 / piece.utf8.count
        let text =
            Array("[".utf8) + Array(repeatElement(Array(piece.utf8), count: count).joined())
            + Array("0]".utf8)
        var refused = false
        do { _ = try JSON.parse(text, source: "t.json") } catch {
            refused = true
            #expect(error.code == .tooLarge)
            #expect("\(error)".contains("384 MiB"))
        }
        // Strings take little more than their text.
        #expect(refused == !piece.hasPrefix("\""))
        // A document of the same values that fits.
        _ = try JSON.parse(
            Array(text.prefix(piece.utf8.count * 1000 + 1)) + Array("0]".utf8), source: "t.json")
    }

    @Test func escapesAndLongNumbers() throws {
        let escapes = String(repeating: #"\n\u00e9"#, count: 200_000)
        #expect(try Self.parse("\"\(escapes)\"").string?.unicodeScalars.count == 400_000)
        #expect(try Self.parse(String(repeating: "1", count: 300)).double == 1.1111111111111112e299)
        #expect(throws: DocumentError.self) {
            try Self.parse("0." + String(repeating: "0", count: 2000) + "1")
        }
        // A key of any length has a short message.
        let key = String(repeating: "k", count: 100_000)
        let error = #expect(throws: DocumentError.self) {
            try Self.parse("{\"\(key)\":1,\"\(key)\":2}")
        }
        #expect((error?.message.utf8.count ?? 1000) < 200)
    }

    @Test func numbersAreTheNearestDoubles() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        for _ in 0..<50_000 {
            let digits = String(
                Int.random(in: 0...9_999_999_999_999_999, using: &random)
                    >> Int.random(in: 0..<50, using: &random))
            let exponent = Int.random(in: -40...40, using: &random)
            for text in [
                "\(digits)e\(exponent)", "-\(digits).0\(digits)E+\(abs(exponent))", "0.00\(digits)",
                "\(digits).5",
            ] { #expect(try Self.parse(text).double == Double(text), "seed \(seed), \(text)") }
        }
        for text in [
            "1e-400", "0e9999999999999999999999", "1e00000000000000000000001", "4.9e-324",
            "-0.0e-5",
        ] { #expect(try Self.parse(text).double == Double(text), "\(text)") }
    }

    /// RFC 8785, §3.2.2.3 and appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]) func canonicalNumbers(_ bits: UInt64, _ text: String) throws
    {
        let value = Double(bitPattern: bits)
        #expect(JSON.number(value).canonicalText == text)
        #expect(try Self.parse(text).double == value)
    }

    /// RFC 8785, §3.2.3.
    @Test func canonicalOrder() throws {
        let text = #"""
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
            "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}
            """#
        let canonical = try Self.parse(text).canonicalText
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
        let places = try order.map { try #require(canonical.firstRange(of: $0)).lowerBound }
        #expect(places == places.sorted())
        #expect(try Self.parse(canonical).canonicalText == canonical)
    }

    @Test func mutationsNeverCrash() throws {
        let text = Array(
            #"{"a":[1,-2.5e10,true,null,"\u00e9\ud83d\ude00é😀\\"],"b":{"c":{}}, "d" : [[],[{}]]}"#
                .utf8)
        for seed in UInt64(1)...20_000 {
            var random = Seeded(seed)
            var bytes = text
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1 where bytes.count > 1: bytes.remove(at: place)
                case 2:
                    bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
                default: bytes = Array(bytes[..<max(place, 1)])
                }
            }
            guard let json = try? JSON.parse(bytes, source: "fuzz") else { continue }
            // What was accepted is text that another pass accepts as the same value.
            #expect(try JSON.parse(json.canonicalBytes, source: "again") == json, "seed \(seed)")
            #expect(try JSON.parse(json.prettyBytes, source: "again") == json, "seed \(seed)")
        }
    }

    @Test func longDocumentsAreReadWhole() throws {
        let record =
            #"{"id":"0123456789abcdef","path":"parts/part-00001.h5","bytes":123456,"sources":[[1,2,5,0.123456789]]}"#
        let text = Array(
            ("[" + repeatElement(record, count: 100_000).joined(separator: ",") + "]").utf8)
        let parsed = try #require(try JSON.parse(text, source: "big").array)
        let one = try JSON.parse(Array(record.utf8), source: "one")
        #expect(parsed.count == 100_000 && parsed.allSatisfy { $0 == one })
    }
}
