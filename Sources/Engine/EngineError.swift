internal import Datasets
internal import Documents
internal import Pipeline

/// Why the engine could not do what was asked.
package struct EngineError: Error, CustomStringConvertible {
    /// What kind of thing went wrong.
    enum Kind: String {
        /// Something that was given is damaged, or impossible.
        case data
        /// The request is not one.
        case usage
        /// The engine itself failed.
        case `internal`
    }

    let kind: Kind
    /// What happened, where, and what to do next, for a person.
    let message: String
    /// The place in the request of the sample concerned.
    var sample: Int?

    init(_ kind: Kind, _ message: String, sample: Int? = nil) {
        (self.kind, self.message, self.sample) = (kind, message, sample)
    }

    package var description: String { message }

    /// Any error of the modules below as one of this.
    init(_ error: any Error) {
        if let error = error as? EngineError {
            self = error
        } else {
            let below = PipelineError(error)
            self.init(below.kind == .software ? .internal : .data, below.message)
        }
    }

    /// What the client is told.
    var json: JSON {
        var members: [String: JSON] = ["kind": .string(kind.rawValue), "message": .string(message)]
        if let sample { members["sample"] = .integer(sample) }
        return .object(["error": .object(members)])
    }
}

extension EngineError: DocumentFailure {
    /// The error that a request is not of the expected form.
    package init(document message: String) { self.init(.usage, message) }
}

/// A reader of a request's members.
typealias Members = JSONMembers<EngineError>
