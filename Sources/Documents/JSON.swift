/// A JSON value (RFC 8259) whose numbers are IEEE doubles, as RFC 8785 has them.
///
/// Integers up to 2⁵³ are exact; wider ones (sample ids, seeds) are stored as strings.
public enum JSON: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A finite number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object; members have no order.
    case object([String: JSON])

    /// An integer, exact up to 2⁵³.
    public static func integer(_ value: Int) -> JSON { .number(Double(value)) }

    /// The member `key` of an object, or nil.
    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The string, or nil.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The number, or nil.
    public var double: Double? { if case .number(let value) = self { value } else { nil } }
    /// The number where it is an exact integer, or nil.
    public var int: Int? { double.flatMap { abs($0) <= 0x1p53 ? Int(exactly: $0) : nil } }
    /// The truth value, or nil.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements of an array, or nil.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The members of an object, or nil.
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }
}
