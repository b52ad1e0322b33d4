/// Text that others wrote, such as names of files, keys, cells of tables and logs, made fit for a
/// person's terminal.
///
/// A terminal obeys control characters, and characters without a shape hide or reorder what stands
/// around them; both are written as escapes instead, in the form that JSON has for them: `\u001b`.
public enum ForeignText {
    /// More characters of a message help nobody.
    public static let longestMessage = 4000

    /// Returns `text` with escapes for all that a terminal would not show as it is; line feeds and
    /// tabs stay.
    ///
    /// The escapes are those of JSON, so that a JSON text stays one.
    public static func printable(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x0A || $0 == 0x09 }
        guard !isPlain else { return text }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result, keepingLines: true) }
        return result
    }

    /// Returns the beginning of `text` on one line, `…` in the place of what follows the first
    /// `limit` characters.
    public static func excerpt(_ text: some StringProtocol, limit: Int = 60) -> String {
        var result = ""
        var count = 0
        // Scalars, as one character may have any number of accents.
        for scalar in text.unicodeScalars {
            guard count < limit else { return result + "…" }
            append(scalar, to: &result, keepingLines: false)
            count += 1
        }
        return result
    }

    /// Returns the beginning of `bytes` as UTF-8; what is none becomes U+FFFD.
    public static func excerpt(bytes: ArraySlice<UInt8>, limit: Int = 60) -> String {
        excerpt(String(decoding: bytes.prefix(4 * limit + 4), as: UTF8.self), limit: limit)
    }

    /// Returns `message` without its middle where it is longer than a person reads; what to do
    /// stands at its end.
    public static func bounded(_ message: String) -> String {
        let scalars = message.unicodeScalars
        guard message.utf8.count > longestMessage, scalars.count > longestMessage else {
            return message
        }
        let (head, tail) = (longestMessage * 2 / 3, longestMessage / 3)
        let left = scalars.count - head - tail
        return String(scalars.prefix(head)) + " … (\(left) characters left out) … "
            + String(scalars.suffix(tail))
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String, keepingLines: Bool)
    {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            guard !keepingLines || (scalar != "\n" && scalar != "\t") else {
                return text.unicodeScalars.append(scalar)
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        default: text.unicodeScalars.append(scalar)
        }
    }
}
