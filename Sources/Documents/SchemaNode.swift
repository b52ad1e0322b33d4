/// One schema object, as the list of what it asks for.
package struct SchemaNode: Sendable {
    /// What is asked, in the order in which it is checked.
    package var keywords: [SchemaKeyword]
    /// `default`: the value of a member that is missing.
    package var fallback: JSON?
}

/// One thing that a schema asks for; related keywords are one case.
package indirect enum SchemaKeyword: Sendable {
    /// The schema `false`: nothing is valid.
    case never
    /// `$ref`: the place of a node among a schema's, and the last word of its path.
    case reference(Int, name: String)
    /// `type`.
    case type([JSONType])
    /// `enum`, or `const` with its one value.
    case values([JSON])
    /// `required`.
    case required([String])
    /// `properties` and `additionalProperties`.
    case properties([String: SchemaNode], others: SchemaNode?)
    /// `propertyNames`.
    case propertyNames(SchemaNode)
    /// `prefixItems` and `items`.
    case items(prefix: [SchemaNode], rest: SchemaNode?)
    /// `uniqueItems`.
    case unique
    /// `minimum` and its three relatives.
    case bound(Double, Comparison)
    /// `minLength`, `minItems`, `minProperties` and the largest ones.
    case count(Int, Counted, isMinimum: Bool)
    /// `pattern`.
    case pattern(SchemaPattern)
    /// `allOf`.
    case all([SchemaNode])
    /// `anyOf`.
    case any([SchemaNode])
    /// `oneOf`.
    case one([SchemaNode])
    /// `not`.
    case not(SchemaNode)
    /// `if`, `then`, `else`.
    case conditional(if: SchemaNode, then: SchemaNode?, else: SchemaNode?)

    /// How a number is compared with its bound; the raw value is the message's phrase.
    package enum Comparison: String, Sendable {
        case atLeast = "at least"
        case atMost = "at most"
        case above = "above"
        case below = "below"

        package func holds(_ value: Double, _ bound: Double) -> Bool {
            switch self {
            case .atLeast: value >= bound
            case .atMost: value <= bound
            case .above: value > bound
            case .below: value < bound
            }
        }
    }

    /// What a count counts; the raw value is the message's noun.
    package enum Counted: String, Sendable { case characters, elements, keys }
}

/// The names of JSON's types in a schema.
package enum JSONType: String, Sendable, CaseIterable {
    case null, boolean, object, array, number, string, integer

    /// Whether `json` is of this type; an integer is a number without fraction.
    package func holds(_ json: JSON) -> Bool {
        switch (self, json) {
        case (.null, .null), (.boolean, .bool), (.object, .object), (.array, .array),
            (.number, .number), (.string, .string):
            true
        case (.integer, .number(let value)): value.rounded() == value
        default: false
        }
    }

    /// The type with its article, for messages.
    package var noun: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .object, .array, .integer: "an \(rawValue)"
        case .number, .string: "a \(rawValue)"
        }
    }
}
