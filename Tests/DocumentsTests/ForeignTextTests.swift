import Documents
import Testing

@Suite struct ForeignTextTests {
    /// What a terminal obeys or hides becomes an escape; everything else stays.
    @Test(arguments: [
        ("plain, ü and 場", "plain, ü and 場"), ("a\tb\nc", "a\tb\nc"),
        ("\u{1B}]0;owned\u{7}", "\\u001b]0;owned\\u0007"), ("a\rb\0", "a\\u000db\\u0000"),
        ("\u{9B}2J\u{7F}", "\\u009b2J\\u007f"), ("\u{202E}txt\u{FEFF}", "\\u202etxt\\ufeff"),
        ("\u{2028}", "\\u2028"), ("\u{E0041}", "\\udb40\\udc41"), ("\\u001b", "\\u001b"),
    ]) func printable(_ text: String, _ expected: String) {
        #expect(ForeignText.printable(text) == expected)
    }

    @Test func excerptsAreOneShortLine() {
        #expect(ForeignText.excerpt("a\nb\tc") == "a\\u000ab\\u0009c")
        #expect(
            ForeignText.excerpt("abc", limit: 3) == "abc"
                && ForeignText.excerpt("abcd", limit: 3) == "abc…")
        // One character as a reader counts them, of many scalars.
        let accents = "a" + String(repeating: "\u{301}", count: 1_000_000)
        #expect(ForeignText.excerpt(accents, limit: 10).unicodeScalars.count == 11)
        #expect(ForeignText.excerpt(bytes: [0xFF, 0x41], limit: 3) == "\u{FFFD}A")
        #expect(
            ForeignText.excerpt(bytes: ArraySlice(repeating: 0x78, count: 1_000_000), limit: 5)
                == "xxxxx…")
    }

    /// The beginning says what, and the end what to do.
    @Test func messagesAreBounded() {
        #expect(ForeignText.bounded("short") == "short")
        let message = "file: " + String(repeating: "x", count: 100_000) + ": do this"
        let bounded = ForeignText.bounded(message)
        #expect(bounded.count < ForeignText.longestMessage + 100)
        #expect(bounded.hasPrefix("file: xxx") && bounded.hasSuffix(": do this"))
    }
}
