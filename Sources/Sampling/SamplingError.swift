internal import Documents

/// Why a design cannot be drawn, a sample does not exist, or a split cannot be made.
public struct SamplingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of rule was broken.
    public enum Code: String, Sendable {
        /// A parameter of a design is out of range, or contradicts another.
        case design
        /// More samples are asked for than there are different configurations.
        case exhausted
        /// The disks of a sample cannot be placed on the lattice under the design's rules.
        case doesNotFit
        /// A parameter of a split is out of range, or a window exceeds its part.
        case split
        /// An expression names a selection that does not exist.
        case selection
        /// Scores or features to choose by are wrong, or there are too few.
        case scores
        /// A file of features cannot be read.
        case unreadable
        /// A JSON document has an unknown, a missing or an ill-typed member.
        case document
    }

    /// What kind of rule was broken.
    public let code: Code
    /// What was wrong, where, and what to do next, for a person.
    public let message: String

    /// Creates an error from its kind and its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension SamplingError: DocumentFailure {
    /// The error that a document is not of the expected form.
    package init(document message: String) { self.init(.document, message) }
}

/// A reader of a document's members that throws this module's error.
typealias Members = JSONMembers<SamplingError>
