internal import Documents

/// Why a model cannot exist, cannot be read or cannot be trained.
public struct LearningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of rule was broken.
    public enum Code: String, Sendable {
        /// A model's width, dropout or lattice is out of range.
        case model
        /// A file of weights is damaged, foreign or another model's.
        case weights
        /// The description of a training has a value out of range.
        case training
        /// A loss or a weight is no longer finite.
        case diverged
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

extension LearningError: DocumentFailure {
    package init(document message: String) { self.init(.training, message) }
}

typealias Members = JSONMembers<LearningError>
