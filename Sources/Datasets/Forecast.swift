public import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What a run will take, said before it begins: samples, disk and time, by what this machine makes
/// of a few of the samples.
///
/// Times are rough: a training's is counted in operations, not measured.
public struct Forecast: Hashable, Sendable {
    /// Samples of the dataset.
    public var samples = 0
    /// Samples that are still to be solved.
    public var unsolved = 0
    /// Bytes that are still to be written.
    public var bytes = 0.0
    /// Seconds of work.
    public var seconds = 0.0
    /// Bytes that are free where the dataset is to be; nil where the file system does not say.
    public var free: Int?
    /// The dataset's folder.
    public let root: String

    package init(root: String) {
        self.root = root
        free = DiskSpace.free(at: root)
    }

    /// The bytes as a whole number, as large as one can be.
    private var wholeBytes: Int { Int(min(bytes.rounded(), 9e18)) }

    /// Whether nothing to speak of is left to be done.
    public var isNothing: Bool { bytes == 0 && unsolved == 0 }

    /// Whether the disk cannot hold what is to come.
    public var isTooLarge: Bool { free.map { bytes > Double($0) } ?? false }

    /// One line for a person.
    public var text: String {
        let space = free.map { "\(Words.bytes($0)) are free" } ?? "how much is free is not known"
        return "\(samples) samples, \(unsolved) of them to be solved: about "
            + "\(Words.bytes(wholeBytes)) to be written (\(space)), about "
            + "\(Words.duration(seconds))"
    }

    /// The members of an event for machines.
    public var json: [String: JSON] {
        [
            "samples": .integer(samples), "unsolved": .integer(unsolved),
            "bytes": .number(bytes.rounded()), "seconds": .number(seconds),
            "free": free.map(JSON.integer) ?? .null,
        ]
    }

    /// Refuses what the disk cannot hold.
    package func check() throws {
        guard isTooLarge, let free else { return }
        throw DatasetError(
            .io,
            "\(root): the disk cannot hold what is to come: about \(Words.bytes(wholeBytes)) "
                + "more, and it has \(Words.bytes(free)) free: free some space and run the same "
                + "command again, choose another --output, or pass --ignore-space to begin all "
                + "the same")
    }
}

/// The space of file systems.
package enum DiskSpace {
    /// Bytes that this user may still write at `path`, or where it would be created; nil where that
    /// is not known.
    ///
    /// The corresponding C function is `statvfs`.
    package static func free(at path: String) -> Int? {
        var path = URL(literalPath: path).standardizedFileURL.path
        while InputFile.isFolder(path) == nil, path != "/", !path.isEmpty {
            path = (path as NSString).deletingLastPathComponent
        }
        var facts = statvfs()
        // File systems that keep no count, such as some of user space, say that they have no blocks
        // at all.
        guard unsafe statvfs(path, &facts) == 0, facts.f_blocks > 0 else { return nil }
        return Int(
            clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
                .partialValue)
    }
}
