internal import Foundation
internal import Shards

/// What stands at a path, looked at without following a link.
package enum PathEntry: Equatable {
    case nothing, file, folder, link, other

    /// Looks at `path`. What cannot be looked at is an error, not nothing.
    ///
    /// - Throws: `DatasetError` of kind `.cannotCreate`.
    ///
    /// The corresponding C function is `lstat`.
    package init(at path: String) throws(DatasetError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            let code = errno
            guard code == ENOENT || code == ENOTDIR else { throw PathEntry.unreadable(path, code) }
            self = .nothing
            return
        }
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
    }

    /// The names in the folder `path`, ascending; none where there is no such folder.
    ///
    /// - Parameters:
    ///   - kind: what it is where the folder cannot be read.
    ///   - advice: what follows from that, and what to do next.
    /// - Throws: `DatasetError` where it is there and cannot be read.
    package static func names(
        in path: String, orThrow kind: FailureKind = .cannotCreate,
        _ advice: String = PathEntry.writingAdvice
    ) throws(DatasetError) -> [String] {
        guard try PathEntry(at: path) != .nothing else { return [] }
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            throw unreadable(path, code.map(Int32.init) ?? EACCES, kind, advice)
        }
    }

    /// The names of the symbolic links in the folder `path`, ascending; none where there is no such
    /// folder. Reads the folder, and looks at single names only where its file system does not say
    /// what they are: a folder of 10,000 files is 30 calls of the system.
    ///
    /// - Throws: `DatasetError` of kind `.cannotCreate` where it is there and cannot be read.
    package static func links(in path: String) throws(DatasetError) -> [String] {
        guard try PathEntry(at: path) != .nothing else { return [] }
        guard let folder = unsafe opendir(path) else { throw unreadable(path, errno) }
        defer { unsafe closedir(folder) }
        var links: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(folder) else { break }
            let kind = unsafe Int(entry.pointee.d_type)
            guard kind == Int(DT_LNK) || kind == Int(DT_UNKNOWN) else { continue }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if kind == Int(DT_UNKNOWN) {
                guard try PathEntry(at: "\(path)/\(name)") == .link else { continue }
            }
            links.append(name)
        }
        guard errno == 0 else { throw unreadable(path, errno) }
        return links.sorted()
    }

    /// The bytes of the file at `path`, links followed; nil where there is none.
    ///
    /// The corresponding C function is `stat`.
    package static func size(of path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    /// What to do about a folder that is to be written to.
    package static let writingAdvice =
        "so nobody knows what would be lost: make it readable, or choose another folder for "
        + "--output"

    private static func unreadable(
        _ path: String, _ code: Int32, _ kind: FailureKind = .cannotCreate,
        _ advice: String = PathEntry.writingAdvice
    ) -> DatasetError {
        DatasetError(
            kind,
            "\(path): cannot be read (\(unsafe String(cString: strerror(code)))), \(advice)",
            path: path)
    }
}
