internal import Documents

/// Why a lattice, a source or a configuration cannot exist.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of rule was broken.
    public enum Code: String, Sendable {
        /// A side of the lattice is out of range.
        case lattice
        /// A coefficient or a side of the boundary is out of range, or does not go with another.
        case physics
        /// A source's centre, shape or value is out of range, or it leaves the lattice.
        case source
        /// Two sources share a site although the overlap policy forbids it.
        case overlap
        /// There are too few or too many keys for the random coefficients without one.
        case keys
        /// A JSON document has an unknown, a missing or an ill-typed member.
        case document
        /// A configuration has no source, or more than `Configuration.maximumSources`.
        case sourceCount
    }

    /// What kind of rule was broken.
    public let code: Code
    /// What was wrong, with the offending values, for a person.
    public let message: String

    /// Creates an error from its kind and its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension ConfigurationError: DocumentFailure {
    /// The error that a document is not of the expected form.
    package init(document message: String) { self.init(.document, message) }
}

/// A reader of a document's members that throws this module's error.
typealias Members = JSONMembers<ConfigurationError>
