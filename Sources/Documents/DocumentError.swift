/// Why a document (JSON, YAML, a schema) could not be read.
public struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// A text is not what its format asks for.
        case syntax
        /// A document can be read but is not of the expected form.
        case schema
        /// Something is larger than its bound; nothing was allocated for it.
        case tooLarge
        /// There is no schema of a name.
        case unknownSchema
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// What happened, where, and what to do next, for a person.
    public let message: String
    /// The document, as messages call it: a file's path as a rule.
    public let source: String?

    /// Creates an error from its kind, its message and the document that it concerns.
    public init(_ code: Code, _ message: String, source: String? = nil) {
        self.code = code
        self.message = message
        self.source = source
    }

    /// The document, where the message does not name it already, and the message.
    public var description: String {
        guard let source, !message.contains(source) else { return message }
        return "\(source): \(message)"
    }
}

/// A module's error, as one that tells of the members of a document.
package protocol DocumentFailure: Error {
    /// The error that a document is not of the expected form.
    init(document message: String)
    /// The same of the document's member `member`.
    init(document message: String, member: String)
}

extension DocumentFailure {
    package init(document message: String, member: String) { self.init(document: message) }
}
