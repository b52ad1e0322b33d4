public import Datasets

/// Why a stage or a command could not do its work.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    public let kind: FailureKind
    /// What happened, where, and what to do next, for a person.
    public let message: String
    /// The file or folder concerned, where there is one.
    public let path: String?
    /// What it follows from, where that is another error.
    public let cause: (any Error)?

    /// Creates an error from its kind, its message and what it concerns.
    public init(
        _ kind: FailureKind, _ message: String, path: String? = nil, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.message = message
        self.path = path
        self.cause = cause
    }

    /// The message.
    public var description: String { message }

    /// Any error as one of this module; `cause` is that error then.
    public init(_ error: any Error) {
        if let error = error as? PipelineError {
            self = error
        } else {
            let below = DatasetError(error)
            self.init(below.kind, below.message, path: below.path, cause: error)
        }
    }
}
