internal import Datasets
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving

/// A file that has several names, and has not changed since it was looked at.
///
/// A part that became a shard is one file in the folders of both stages: what was found of its
/// bytes under one name holds under the other.
struct SharedFile: Hashable {
    private let device: UInt64
    private let number: UInt64
    private let bytes: Int64
    /// When its bytes, or its names, changed last.
    private let seconds: Int
    private let nanoseconds: Int

    /// The file at `path`; nil where that is its only name, or nothing can be told.
    init?(at path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_nlink > 1 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
        bytes = Int64(status.st_size)
        #if canImport(Darwin)
            (seconds, nanoseconds) = (status.st_ctimespec.tv_sec, status.st_ctimespec.tv_nsec)
        #else
            (seconds, nanoseconds) = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
        #endif
    }
}

/// What was found of files with several names.
struct SharedFindings {
    /// The samples of a file that nothing was wrong with.
    struct Sound {
        let physics: Physics
        let accuracy: Accuracy
        let codec: String
        /// Whether they were taken for samples for training.
        let part: Split.Part?
        let statistics: SampleStatistics?
    }

    private var digests: [SharedFile: FileDigest] = [:]
    private var sound: [SharedFile: Sound] = [:]

    /// Digests the file at `path`, once under all its names.
    mutating func digest(of path: String) throws -> FileDigest {
        let file = SharedFile(at: path)
        if let file, let known = digests[file] { return known }
        let digest = try FileDigest(of: path)
        // A file that changed meanwhile is another one.
        if let file, file == SharedFile(at: path) { digests[file] = digest }
        return digest
    }

    /// What samples of the file at `path` were found to be, where nothing was wrong with them under
    /// another name.
    func sound(at path: String) -> Sound? { SharedFile(at: path).flatMap { sound[$0] } }

    /// Remembers that nothing is wrong with the samples of the file at `path`, which was `file`
    /// before they were looked at.
    mutating func keep(_ findings: Sound, of file: SharedFile?, at path: String) {
        if let file, file == SharedFile(at: path) { sound[file] = findings }
    }
}
