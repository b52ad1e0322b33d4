internal import Fields

/// A number in a table: decimal digits, with a point, a sign and a power of ten where need be, and
/// nothing else.
///
/// Neither `nan`, `inf` nor hexadecimal digits, which the C library reads too; nor spaces.
package enum DecimalNumber {
    /// What a cell holds.
    package enum Reading {
        /// A finite number.
        case number(Double)
        /// Nothing.
        case empty
        /// A number that no double holds.
        case tooLarge
        /// Anything else.
        case other
    }

    /// A longer number is none.
    private static let maximumLength = 1024

    /// Reads a whole cell.
    package static func read(_ cell: ArraySlice<UInt8>) -> Reading {
        guard !cell.isEmpty else { return .empty }
        guard cell.count <= maximumLength, isNumber(cell),
            let value = Double(String(decoding: cell, as: UTF8.self))
        else { return .other }
        // Without the sign of zero.
        return value.isFinite ? .number(value == 0 ? 0 : value) : .tooLarge
    }

    /// Whether `cell` is [+-] digits [. digits] [e [+-] digits], with a digit before or behind the
    /// point.
    private static func isNumber(_ cell: ArraySlice<UInt8>) -> Bool {
        var rest = cell
        func dropSign() {
            if let sign = rest.first, sign == 43 || sign == 45 { rest = rest.dropFirst() }
        }
        func dropDigits() -> Int {
            let digits = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(digits)
            return digits
        }
        dropSign()
        var digits = dropDigits()
        if rest.first == 46 {
            rest = rest.dropFirst()
            digits += dropDigits()
        }
        guard digits > 0 else { return false }
        if let mark = rest.first, mark | 0x20 == 101 {
            rest = rest.dropFirst()
            dropSign()
            guard dropDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
