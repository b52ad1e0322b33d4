/// A recursive-descent parser of RFC 8259 over bytes, in time linear in their number.
///
/// Its depth is bounded, and with it the stack; so is the memory of the value, which is counted
/// before it is taken: a text from a stranger may be made of what takes most memory a byte.
package struct JSONParser {
    private let bytes: [UInt8]
    private let end: Int
    private var position: Int
    private let source: String
    private let firstLine: Int
    private let maximumDepth: Int
    /// Bytes of memory that the value may still take.
    private var memory: Int

    /// What a value takes in an array that doubles as it grows, a member in a table that does so,
    /// and the heads of both.
    private static let (element, member, head) = (48, 96, 96)
    /// A longer number is refused: 800 digits tell any two doubles apart.
    private static let maximumNumber = 1024

    /// Creates a parser of `bytes[range]`; messages count lines from `firstLine`.
    package init(
        bytes: [UInt8], range: Range<Int>, source: String, firstLine: Int = 1, maximumDepth: Int
    ) {
        memory = JSON.maximumMemory
        self.bytes = bytes
        self.source = source
        self.firstLine = firstLine
        self.maximumDepth = maximumDepth
        position = range.lowerBound
        end = range.upperBound
    }

    /// Returns the one value of the document.
    package mutating func document() throws(DocumentError) -> JSON {
        if end - position >= 3, bytes[position] == 0xEF, bytes[position + 1] == 0xBB,
            bytes[position + 2] == 0xBF
        {
            throw failure("starts with a byte order mark; save it as UTF-8 without one")
        }
        skipSpace()
        let result = try value(depth: 0)
        skipSpace()
        if position < end { throw failure("unexpected \(found) after the end of the value") }
        return result
    }

    private mutating func value(depth: Int) throws(DocumentError) -> JSON {
        guard position < end else { throw failure("the text ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw failure("unexpected \(found) where a value is expected")
        }
    }

    private mutating func object(depth: Int) throws(DocumentError) -> JSON {
        try checkDepth(depth)
        position += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        try spend(JSONParser.head)
        while true {
            guard position < end, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("unexpected \(found) where a key in double quotes is expected")
            }
            let start = position
            try spend(JSONParser.member)
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else {
                throw failure("unexpected \(found) where ':' is expected")
            }
            skipSpace()
            guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw failure("the key '\(key.shortened)' occurs twice in one object", at: start)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else {
                throw failure("unexpected \(found) where ',' or '}' is expected")
            }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(DocumentError) -> JSON {
        try checkDepth(depth)
        position += 1
        var values: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        try spend(JSONParser.head)
        while true {
            try spend(JSONParser.element)
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else {
                throw failure("unexpected \(found) where ',' or ']' is expected")
            }
            skipSpace()
        }
    }

    private func checkDepth(_ depth: Int) throws(DocumentError) {
        guard depth < maximumDepth else {
            throw failure("is nested deeper than \(maximumDepth) levels")
        }
    }

    /// Counts memory that is about to be taken.
    private mutating func spend(_ bytes: Int) throws(DocumentError) {
        memory -= bytes
        guard memory >= 0 else {
            throw DocumentError(
                .tooLarge,
                "\(source): its values would take more than the \(JSON.maximumMemory >> 20) MiB "
                    + "of memory that are accepted", source: source)
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSON) throws(DocumentError) -> JSON
    {
        let start = position
        for index in 0..<text.utf8CodeUnitCount {
            guard position < end, bytes[position] == (unsafe text.utf8Start[index]) else {
                throw failure(
                    "unexpected \(found); only true, false and null are written without quotes",
                    at: start)
            }
            position += 1
        }
        return value
    }

    /// Parses `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`; the value is the nearest double.
    private mutating func number() throws(DocumentError) -> Double {
        let start = position
        let negative = take(UInt8(ascii: "-"))
        let integerStart = position
        var mantissa = 0
        var digits = try someDigits(into: &mantissa)
        guard digits == 1 || bytes[integerStart] != UInt8(ascii: "0") else {
            throw failure("a number may not start with 0", at: start)
        }
        var power = 0
        if take(UInt8(ascii: ".")) {
            let fraction = try someDigits(into: &mantissa)
            digits += fraction
            power = -fraction
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let isSmall = !take(UInt8(ascii: "+")) && take(UInt8(ascii: "-"))
            var exponent = 0
            // Past three digits the sum has wrapped, perhaps: then it must not be used.
            let isPlain = try someDigits(into: &exponent) <= 3
            power = isPlain ? power + (isSmall ? -exponent : exponent) : Int.max
        }
        // Up to 15 digits are below 2⁵³, hence exact, and so are powers of ten up to 10²²: one
        // correctly rounded operation gives the nearest double (Clinger 1990, "How to read floating
        // point numbers accurately").
        if digits <= 15, (-22...22).contains(power) {
            let exact = Double(mantissa)
            let value =
                power < 0
                ? exact / JSONParser.powersOfTen[-power] : exact * JSONParser.powersOfTen[power]
            return negative ? -value : value
        }
        guard position - start <= JSONParser.maximumNumber else {
            throw failure(
                "a number of \(position - start) characters; at most \(JSONParser.maximumNumber) "
                    + "make sense", at: start)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw failure(
                "the number \(text.prefix(40)) is beyond the range of a double", at: start)
        }
        return value
    }

    private static let powersOfTen: [Double] = (0...22).map { Double("1e\($0)") ?? .nan }

    /// Appends at least one digit to `value`, which wraps beyond 18 of them, and returns how many
    /// there were.
    private mutating func someDigits(into value: inout Int) throws(DocumentError) -> Int {
        let start = position
        while position < end, bytes[position] &- 48 < 10 {
            value = value &* 10 &+ Int(bytes[position] &- 48)
            position += 1
        }
        guard position > start else {
            throw failure("unexpected \(found) where a digit is expected")
        }
        return position - start
    }

    private mutating func skipSpace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    // MARK: Strings

    private mutating func string() throws(DocumentError) -> String {
        let opening = position
        position += 1
        var start = position
        // Filled only once an escape is met: most strings are a plain run of bytes.
        var text: [UInt8] = []
        var isEscaped = false
        while position < end {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                let run = bytes[start..<position]
                position += 1
                let count = text.count + run.count
                if count > 15 { try spend(48 + count) }  // shorter ones have no memory of their own
                guard isEscaped else { return String(decoding: run, as: UTF8.self) }
                text += run
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                isEscaped = true
                text += bytes[start..<position]
                text += String(try escape()).utf8
                start = position
            case ..<0x20:
                throw failure(
                    "a control character (code \(byte)) in a string; write it as an escape")
            case ..<0x80: position += 1
            default: position += try sequenceLength()
            }
        }
        throw failure("a string without its closing quote", at: opening)
    }

    /// Parses one escape, or the two of a surrogate pair.
    private mutating func escape() throws(DocumentError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard position < end else { throw failure("a string without its closing quote", at: start) }
        let code = bytes[position]
        position += 1
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(code)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw failure("an unknown escape in a string", at: start)
        }
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // Not a scalar, so a surrogate: the low half must follow the high one.
        if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let second = try fourHexDigits()
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw failure("a surrogate without its other half in a string", at: start)
    }

    private mutating func fourHexDigits() throws(DocumentError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < end,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw failure("unexpected \(found) where a hexadecimal digit is expected") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Returns the length of the well-formed UTF-8 sequence at the position (Unicode 15, table
    /// 3-7).
    private func sequenceLength() throws(DocumentError) -> Int {
        let first = bytes[position]
        let second = position + 1 < end ? bytes[position + 1] : 0
        let length: Int
        let allowed: ClosedRange<UInt8>
        switch first {
        case 0xC2...0xDF: (length, allowed) = (2, 0x80...0xBF)
        case 0xE0: (length, allowed) = (3, 0xA0...0xBF)
        case 0xED: (length, allowed) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, allowed) = (3, 0x80...0xBF)
        case 0xF0: (length, allowed) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, allowed) = (4, 0x80...0xBF)
        case 0xF4: (length, allowed) = (4, 0x80...0x8F)
        default: throw failure("invalid UTF-8")
        }
        guard position + length <= end, allowed.contains(second) else {
            throw failure("invalid UTF-8")
        }
        for index in position + 2..<max(position + length, position + 2)
        where bytes[index] & 0xC0 != 0x80 { throw failure("invalid UTF-8") }
        return length
    }

    // MARK: Messages

    private var found: String {
        guard position < end else { return "end of the text" }
        let byte = bytes[position]
        guard (0x21..<0x7F).contains(byte) else { return "byte 0x" + String(byte, radix: 16) }
        return "'\(Character(Unicode.Scalar(byte)))'"
    }

    private func failure(_ message: String, at offset: Int? = nil) -> DocumentError {
        var line = firstLine
        var column = 1
        for byte in bytes[..<(offset ?? position)] {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                // Continuation bytes belong to the character before them.
                column += 1
            }
        }
        return DocumentError(
            .syntax, "\(source), line \(line), column \(column): \(message)", source: source)
    }
}
