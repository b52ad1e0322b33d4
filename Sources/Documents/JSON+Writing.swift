extension JSON {
    /// The canonical form of RFC 8785 as UTF-8: no white space, members sorted by UTF-16 code
    /// units, numbers as ECMAScript prints them.
    public var canonicalBytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out, indent: nil)
        return out
    }

    /// The canonical form as text.
    public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    /// The same value for a person: members in the same order, one a line, two spaces of
    /// indentation, a final newline.
    public var prettyBytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out, indent: 0)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private func write(to out: inout [UInt8], indent: Int?) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .number(let value): JSON.ecmaScript(value, to: &out)
        case .string(let value): JSON.quote(value, to: &out)
        case .array(let values):
            // An array of plain values stays on one line.
            let inner = values.contains(where: \.isContainer) ? indent.map { $0 + 1 } : nil
            out.append(UInt8(ascii: "["))
            for (position, value) in values.enumerated() {
                if position > 0 { out += (indent != nil && inner == nil ? ", " : ",").utf8 }
                JSON.newline(to: &out, indent: inner)
                value.write(to: &out, indent: inner)
            }
            if !values.isEmpty { JSON.newline(to: &out, indent: inner.map { $0 - 1 }) }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            let inner = indent.map { $0 + 1 }
            out.append(UInt8(ascii: "{"))
            // Swift's own order of strings is that of UTF-16 code units for ASCII, and several
            // times faster.
            let plain = members.keys.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } }
            let keys =
                plain
                ? members.keys.sorted()
                : members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            for (position, key) in keys.enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                JSON.newline(to: &out, indent: inner)
                JSON.quote(key, to: &out)
                out += (indent == nil ? ":" : ": ").utf8
                members[key]?.write(to: &out, indent: inner)
            }
            if !members.isEmpty { JSON.newline(to: &out, indent: indent) }
            out.append(UInt8(ascii: "}"))
        }
    }

    private var isContainer: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }

    private static func newline(to out: inout [UInt8], indent: Int?) {
        guard let indent else { return }
        out.append(UInt8(ascii: "\n"))
        out += repeatElement(UInt8(ascii: " "), count: 2 * indent)
    }

    private static func quote(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case 8: out += "\\b".utf8
            case 9: out += "\\t".utf8
            case 10: out += "\\n".utf8
            case 12: out += "\\f".utf8
            case 13: out += "\\r".utf8
            case ..<32:
                out += "\\u00".utf8
                out += (byte < 16 ? "0" : "").utf8
                out += String(byte, radix: 16).utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    /// Appends a finite number as ECMAScript prints it (ECMA-262, Number::toString, radix 10),
    /// which RFC 8785 §3.2.2.3 requires.
    ///
    /// Swift's description has the same shortest digits; only the placing of point and exponent
    /// differs.
    package static func ecmaScript(_ value: Double, to out: inout [UInt8]) {
        precondition(value.isFinite, "JSON has no infinities and no NaN")
        if abs(value) < 0x1p53, value == Double(Int(value)) {
            if value < 0 { out.append(UInt8(ascii: "-")) }
            append(UInt64(abs(value)), to: &out)
            return
        }
        var text = value.description
        // A description without an exponent is ECMAScript's, except that a whole number ends in
        // ".0".
        if text.utf8.contains(UInt8(ascii: "e")) { text = JSON.placed(value) }
        text.withUTF8 { unsafe out.append(contentsOf: $0) }
        if abs(value) >= 0x1p53, out.suffix(2) == [UInt8(ascii: "."), UInt8(ascii: "0")] {
            out.removeLast(2)
        }
    }

    /// Appends an integer in decimal.
    private static func append(_ value: UInt64, to out: inout [UInt8]) {
        let (rest, digit) = value.quotientAndRemainder(dividingBy: 10)
        if rest > 0 { append(rest, to: &out) }
        out.append(UInt8(ascii: "0") + UInt8(digit))
    }

    /// A number whose description has an exponent, with point and exponent placed as ECMAScript
    /// does.
    private static func placed(_ value: Double) -> String {
        var mantissa = Substring("\(abs(value))")
        var exponent = 0
        if let mark = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: mark)...]) ?? 0
            mantissa = mantissa[..<mark]
        }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        var digits = String(halves[0]) + (halves.count > 1 ? String(halves[1]) : "")
        // The value is 0.digits × 10^point.
        var point = halves[0].count + exponent
        let leading = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leading)
        point -= leading
        while digits.last == "0" { digits.removeLast() }

        let text: String
        switch point {
        case 1...21 where digits.count <= point:
            text = digits + String(repeating: "0", count: point - digits.count)
        case 1...21: text = digits.prefix(point) + "." + digits.dropFirst(point)
        case -5...0: text = "0." + String(repeating: "0", count: -point) + digits
        default:
            let power = point - 1
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            text = digits.prefix(1) + fraction + "e" + (power < 0 ? "-" : "+") + String(abs(power))
        }
        return (value < 0 ? "-" : "") + text
    }
}
