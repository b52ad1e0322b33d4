internal import Documents
public import Fields
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// Why a dataset cannot be read, checked or written.
public struct DatasetError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    public let kind: FailureKind
    /// What happened, where, and what to do next, for a person.
    public let message: String
    /// The file or folder concerned, where there is one.
    public private(set) var path: String?
    /// The member of a document concerned, where there is one.
    public let member: String?
    /// The sample concerned, where there is one.
    public let sample: SampleID?
    /// What it follows from, where that is another error.
    public let cause: (any Error)?

    /// Creates an error from its kind, its message and what it concerns.
    public init(
        _ kind: FailureKind, _ message: String, path: String? = nil, member: String? = nil,
        sample: SampleID? = nil, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.message = message
        self.path = path
        self.member = member
        self.sample = sample
        self.cause = cause
    }

    /// The message.
    public var description: String { message }

    /// The same error of the file `path`, where none was known.
    func at(_ path: String) -> DatasetError {
        var error = self
        error.path = self.path ?? path
        return error
    }

    /// Any error of the modules below as one of this; `cause` is that error then.
    public init(_ error: any Error) {
        switch error {
        case let error as DatasetError: self = error
        case let error as ShardsError:
            let kind: FailureKind =
                switch error.code {
                case .notFound, .unreadable: .noInput
                case .io, .noSpace, .hdf5: .io
                case .readOnly: .cannotCreate
                case .syntax, .schema, .unsafePath, .tooLarge, .corrupt, .digestMismatch, .format:
                    .data
                case .compression: .software
                }
            self.init(kind, error.description, path: error.path, cause: error)
        case let error as DocumentError:
            self.init(
                error.code == .unknownSchema ? .software : .data, error.description,
                path: error.source, cause: error)
        case let error as Interrupted:
            self.init(
                error.isTermination ? .terminated : .interrupted, error.description, cause: error)
        case let error as Stopped: self.init(.inUse, error.description, cause: error)
        case let error as SamplingError:
            self.init(error.code == .unreadable ? .io : .data, error.message, cause: error)
        case let error as ConfigurationError: self.init(.data, error.message, cause: error)
        case let error as LearningError:
            self.init(
                error.code == .diverged ? .diverged : .data, error.message, cause: error)
        default: self.init(.software, "unexpected error: \(error)", cause: error)
        }
    }
}

extension DatasetError: DocumentFailure {
    /// The error that a document is not of the expected form.
    package init(document message: String) { self.init(.data, message) }

    /// The same of its member `member`.
    package init(document message: String, member: String) {
        self.init(.data, message, member: member)
    }
}
