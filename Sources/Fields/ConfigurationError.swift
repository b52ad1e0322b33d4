/// Why a lattice, a source or a configuration cannot exist.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of rule was broken.
    public enum Code: String, Sendable {
        /// A side of the lattice is out of range.
        case lattice
        /// A physical constant is out of range.
        case physics
        /// A source's centre, radius or value is out of range, or its disk leaves the lattice.
        case source
        /// Two disks share a site although the overlap policy forbids it.
        case overlap
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
