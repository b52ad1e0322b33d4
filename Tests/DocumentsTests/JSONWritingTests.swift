import Documents
import Fields
import Testing

@Suite struct JSONWritingTests {
    /// RFC 8785, appendix B: bits of a double and its canonical text.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]) func numbersAreCanonical(bits: UInt64, text: String)
    { #expect(JSON.number(Double(bitPattern: bits)).canonicalText == text) }

    @Test func numbersReadBackToTheSameBits() {
        let philox = Philox(seed: 11, stream: 0)
        for index in 0..<20_000 as Range<UInt32> {
            let words = philox(SIMD4(index, 0, 0, 0))
            let wide = Double(bitPattern: UInt64(words.x) << 32 | UInt64(words.y))
            let fraction = Double(words.z) * 0x1p-32
            let integer = Double(Int32(bitPattern: words.w))
            for value in [wide, fraction, integer] where value.isFinite {
                let text = JSON.number(value).canonicalText
                #expect(
                    Double(text)?.bitPattern == (value == 0 ? 0 : value.bitPattern),
                    "seed 11, index \(index): \(text)")
                #expect(!text.contains("E") && !text.hasSuffix(".0") && !text.hasPrefix("."))
            }
        }
    }

    /// Shortest digits, placed as in ECMAScript, for 20,000 numbers of all magnitudes: the digest
    /// of the lines that scripts/golden/ecmascript.py prints.
    @Test func numbersEqualThoseOfAnIndependentProgram() {
        let philox = Philox(seed: 21, stream: 0)
        var text = ""
        for index in 0..<20_000 as Range<UInt32> {
            let words = philox(SIMD4(index, 0, 0, 0))
            let wide = Double(bitPattern: UInt64(words.x) << 32 | UInt64(words.y))
            // A third each: all bit patterns, multiples of 2⁻²⁴ in (0, 1], and numbers around the
            // limits of ECMAScript.
            let value: Double =
                switch index % 3 {
                case 0: wide.isFinite ? wide : 0
                case 1: Double(words.z >> 8 + 1) / 0x1p24
                default: Double(words.z) * (words.w % 2 == 0 ? 1e-16 : 1e12)
                }
            text += JSON.number(value).canonicalText + "\n"
        }
        let expected = "b1c8a5cbb72a4371f424a9cc47f86c2877cd56c3006ff20a4af8d190844081f2"
        #expect(Digest(of: Array(text.utf8)).description == expected)
    }

    @Test func pointsAndExponentsArePlacedAsInECMAScript() {
        for (value, text) in [
            (1, "1"), (-1, "-1"), (10, "10"), (123456, "123456"), (0.1, "0.1"), (0.0025, "0.0025"),
            (-1.5, "-1.5"), (1e15, "1000000000000000"), (1e16, "10000000000000000"),
            (1e20, "100000000000000000000"), (1.5e21, "1.5e+21"), (1e-6, "0.000001"),
            (1.25e-6, "0.00000125"), (1e-7, "1e-7"), (1.25e-7, "1.25e-7"),
            (123456789.125, "123456789.125"), (0x1p-24, "5.960464477539063e-8"),
            (0.99999994039535522, "0.9999999403953552"), (1e100, "1e+100"), (-1e-100, "-1e-100"),
        ] as [(Double, String)] { #expect(JSON.number(value).canonicalText == text) }
    }

    @Test func membersAreSortedByUTF16() {
        // RFC 8785 §3.2.3: U+1F600 is a surrogate pair from D83D, and comes before U+FB33.
        let keys = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"]
        let object = JSON.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, JSON.null) }))
        #expect(
            object.canonicalText
                == "{\"\\r\":null,\"1\":null,\"\u{80}\":null,\"\u{f6}\":null,\"\u{20ac}\":null,\"\u{1f600}\":null,\"\u{fb33}\":null}"
        )
    }

    @Test func stringsAreEscapedOnlyWhereTheyMustBe() {
        #expect(
            JSON.string("\u{20ac}$\u{f}\nA'B\"\\\\\"/\u{7f}\u{8}\t\u{c}\r\u{0}").canonicalText
                == "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\\b\\t\\f\\r\\u0000\"")
    }

    @Test func prettyFormHasOneMemberALine() {
        let json = JSON.object([
            "b": .array([.integer(1), .bool(true)]), "a": .object([:]), "c": .array([.array([])]),
        ])
        let text = String(decoding: json.prettyBytes, as: UTF8.self)
        #expect(text == "{\n  \"a\": {},\n  \"b\": [1, true],\n  \"c\": [\n    []\n  ]\n}\n")
        #expect(json.canonicalText == "{\"a\":{},\"b\":[1,true],\"c\":[[]]}")
    }

    @Test func accessorsReturnNilForOtherKinds() {
        let json = JSON.object([
            "n": .number(1.5), "i": .integer(3), "s": .string("x"), "b": .bool(true),
            "a": .array([.null]),
        ])
        #expect(json["n"]?.double == 1.5)
        #expect(json["n"]?.int == nil)
        #expect(json["i"]?.int == 3)
        #expect(json["s"]?.string == "x" && json["s"]?.double == nil)
        #expect(json["b"]?.bool == true && json["b"]?.int == nil)
        #expect(json["a"]?.array == [.null] && json["a"]?.object == nil)
        #expect(json["missing"] == nil && JSON.null["n"] == nil)
        #expect(
            JSON.number(1e300).int == nil && JSON.number(0x1p53 + 2).int == nil
                && JSON.number(0x1p53).int == 1 << 53)
    }
}
