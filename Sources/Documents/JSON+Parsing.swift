extension JSON {
    /// The largest document that is read unless the caller says otherwise: 128 MiB.
    public static let maximumBytes = 128 << 20
    /// The most memory that a document's values may take: 384 MiB, three bytes for each of the
    /// largest document. What Steadyset writes takes four; a text that is made for it, forty.
    public static let maximumMemory = 384 << 20

    /// Parses a document (RFC 8259), strictly.
    ///
    /// Refused are invalid UTF-8, a byte order mark, duplicate keys, numbers beyond the range of a
    /// double, lone surrogates, raw control characters, any text after the value, and values that
    /// would take more than `maximumMemory`. O(bytes).
    ///
    /// - Parameters:
    ///   - bytes: the document.
    ///   - source: what messages call it, a file's name as a rule.
    ///   - maximumBytes: longer documents are refused before they are looked at.
    ///   - maximumDepth: deeper nesting is refused; it bounds the stack.
    /// - Throws: `DocumentError` with code `.syntax`, whose message has line and column, or
    ///   `.tooLarge`.
    public static func parse(
        _ bytes: [UInt8], source: String, maximumBytes: Int = maximumBytes, maximumDepth: Int = 64
    ) throws(DocumentError) -> JSON {
        guard bytes.count <= maximumBytes else {
            throw DocumentError(
                .tooLarge,
                "\(source) has \(bytes.count) bytes; at most \(maximumBytes) are accepted",
                source: source)
        }
        var parser = JSONParser(
            bytes: bytes, range: 0..<bytes.count, source: source, maximumDepth: maximumDepth)
        return try parser.document()
    }

    /// Parses one line of a JSON Lines document; messages name line `number`, 1-based.
    ///
    /// - Parameters:
    ///   - line: the line, with or without its line feed.
    ///   - number: its number in the document, 1-based.
    ///   - source: what messages call the document.
    /// - Throws: `DocumentError` with code `.syntax`, whose message has line and column.
    public static func parse(
        line: ArraySlice<UInt8>, number: Int, source: String, maximumDepth: Int = 64
    ) throws(DocumentError) -> JSON {
        var parser = JSONParser(
            bytes: Array(line), range: 0..<line.count, source: source, firstLine: number,
            maximumDepth: maximumDepth)
        return try parser.document()
    }
}
