internal import Foundation
internal import Shards

/// Files that a user names.
package enum InputFile {
    /// Whether `path` is a folder, or nil where nothing is there.
    package static func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            ? isFolder.boolValue : nil
    }

    /// Whether `path` is a file that can be run.
    package static func isProgram(_ path: String) -> Bool {
        isFolder(path) == false && FileManager.default.isExecutableFile(atPath: path)
    }

    /// Reads the regular file at `path`, at most `maximumBytes`.
    package static func read(_ path: String, maximumBytes: Int) throws -> [UInt8] {
        guard let isFolder = isFolder(path) else {
            throw DatasetError(.noInput, "\(path): there is no such file")
        }
        if isFolder { throw DatasetError(.noInput, "\(path): is a folder, a file is needed") }
        return try OpenFile.reading(path, followingLinks: true).readAll(maximumBytes: maximumBytes)
    }
}
