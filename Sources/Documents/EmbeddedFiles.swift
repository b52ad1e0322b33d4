internal import CEmbedded

/// Files that are part of this program, by name: the schemas, the codes of the paper's models,
/// and the pipelines.
package enum EmbeddedFiles {
    /// Names of all of them.
    package static let names: [String] = Array(files.keys)

    /// The bytes of a file; nil where there is none of that name.
    package static func bytes(of name: String) -> [UInt8]? { files[name] }

    private static let files: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [:]
        var index = 0
        while let file = unsafe embedded_file_or_null(index)?.pointee {
            let bytes = unsafe UnsafeBufferPointer(start: file.bytes, count: file.count)
            unsafe files[String(cString: file.name)] = Array(bytes)
            index += 1
        }
        return files
    }()
}
