internal import Fields
internal import Shards

/// Tables that `evaluate` wrote, which its manifest beside them lists.
enum ListedTable {
    /// Refuses `bytes`, read from `path`, where they are not what the manifest beside it lists.
    ///
    /// - Throws: As `check(_:of:)` of a digest.
    static func check(_ bytes: [UInt8], of path: String) throws {
        try check(FileDigest(of: bytes), of: path)
    }

    /// Refuses a file read from `path` where it is not what the manifest beside it lists.
    /// Tables of others, without such a manifest, are their own business.
    ///
    /// - Throws: `DatasetError` of kind `.data`; `ShardsError` where the manifest cannot be read.
    static func check(_ digest: FileDigest, of path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last else { return }
        let beside = (parts.dropLast() + [Manifest.fileName[...]]).joined(separator: "/")
        guard try PathEntry(at: beside) != .nothing,
            isOurs(
                try InputFile.read(
                    beside, maximumBytes: 1 << 27))
        else { return }
        let manifest = try Manifest.read(path: beside)
        guard let file = manifest.files.first(where: { $0.path == name }) else { return }
        guard digest.bytes == file.bytes, digest.sha256 == file.sha256 else {
            throw DatasetError(
                .data,
                "\(path): is not what \(Manifest.fileName) beside it lists; it was altered or "
                    + "belongs to another evaluation: evaluate again, or move your own table to a "
                    + "folder of its own", path: path)
        }
    }

    /// Whether a file says that it is a manifest of ours; other programs have files of that name.
    private static func isOurs(_ bytes: [UInt8]) -> Bool {
        bytes.firstRange(of: "steadyset-manifest".utf8) != nil
    }
}
