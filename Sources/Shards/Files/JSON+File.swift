public import Documents

extension JSON {
    /// Reads and parses the regular file at `path`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - maximumBytes: a larger file is refused before it is read.
    ///   - followingLinks: whether the last component may be a symbolic link.
    /// - Throws: `ShardsError`: what the file or the document is wrong in.
    public static func parse(
        file path: String, maximumBytes: Int = maximumBytes, followingLinks: Bool = true
    ) throws(ShardsError) -> JSON {
        let file = try OpenFile.reading(path, followingLinks: followingLinks)
        let bytes = try file.readAll(maximumBytes: maximumBytes)
        return try ShardsError.telling { () throws(DocumentError) in
            try parse(bytes, source: path, maximumBytes: maximumBytes)
        }
    }
}
