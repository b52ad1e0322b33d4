internal import Foundation
internal import Shards

/// Files that a user names.
enum InputFile {
    /// Reads the regular file at `path`, at most `maximumBytes`.
    static func read(_ path: String, maximumBytes: Int) throws -> [UInt8] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PipelineError(.noInput, "\(path): there is no such file")
        }
        if isFolder.boolValue { throw PipelineError(.noInput, "\(path): is a folder, a file is needed") }
        return try OpenFile.reading(path, followingLinks: true).readAll(maximumBytes: maximumBytes)
    }
}
