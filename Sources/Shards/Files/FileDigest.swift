public import Fields

/// The size and the SHA-256 of a file's bytes, which guard its transport.
public struct FileDigest: Hashable, Sendable {
    /// Number of bytes.
    public let bytes: Int
    /// SHA-256 of the bytes.
    public let sha256: Digest

    /// The digest of a file that holds `bytes`.
    package init(of bytes: [UInt8]) { self.init(bytes: bytes.count, sha256: Digest(of: bytes)) }

    init(bytes: Int, sha256: Digest) {
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// Reads the regular file at `path` once, a megabyte at a time.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - followingLinks: whether the last component may be a symbolic link.
    public init(of path: String, followingLinks: Bool = true) throws(ShardsError) {
        let file = try OpenFile.reading(path, followingLinks: followingLinks)
        var hasher = Digest.Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total = 0
        while true {
            let count = try file.fill(&buffer)
            if count == 0 { break }
            total += count
            unsafe buffer.withUnsafeBytes {
                unsafe hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
        }
        bytes = total
        sha256 = hasher.finish()
    }
}
