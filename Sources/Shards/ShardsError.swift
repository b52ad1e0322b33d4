package import Documents

/// Why a file, a document or a frame could not be read or written.
public struct ShardsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// A file or a folder does not exist.
        case notFound
        /// A file exists but is not a regular file that can be read.
        case unreadable
        /// The operating system failed to read or write.
        case io
        /// The disk, the quota or the largest allowed file is full.
        case noSpace
        /// The place may not be written: a read-only file system, or no permission.
        case readOnly
        /// A text is not JSON.
        case syntax
        /// A document is JSON but not of the expected form.
        case schema
        /// A path in a manifest leaves its dataset folder.
        case unsafePath
        /// Something is larger than its bound; nothing was allocated for it.
        case tooLarge
        /// A file contradicts itself or is damaged.
        case corrupt
        /// Content does not have the digest that was recorded for it.
        case digestMismatch
        /// A file has an unknown format or version.
        case format
        /// zstd refused to compress or to decompress.
        case compression
        /// HDF5 failed for a reason that has no code of its own.
        case hdf5
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// What happened, where, and what to do next, for a person.
    public let message: String
    /// The file or folder concerned, where there is one.
    public let path: String?

    /// Creates an error from its kind, its message and the file that it concerns.
    public init(_ code: Code, _ message: String, path: String? = nil) {
        self.code = code
        self.message = message
        self.path = path
    }

    /// The path, where the message does not name it already, and the message.
    public var description: String {
        guard let path, !message.contains(path) else { return message }
        return "\(path): \(message)"
    }

    /// The same error about `path`, where none was known.
    func at(_ path: String) -> ShardsError {
        self.path == nil ? ShardsError(code, message, path: path) : self
    }
}

extension ShardsError {
    /// The error that a file has because its document is wrong.
    package init(_ error: DocumentError) {
        let code: Code =
            switch error.code {
            case .syntax: .syntax
            case .schema: .schema
            case .tooLarge: .tooLarge
            case .unknownSchema: .notFound
            }
        self.init(code, error.message, path: error.source)
    }

    /// Runs `body`, whose error becomes that of the document's file.
    package static func telling<Result>(_ body: () throws(DocumentError) -> Result)
        throws(ShardsError) -> Result
    { do { return try body() } catch { throw ShardsError(error) } }
}
