internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards

/// Looks at a folder and its file system, by doing in a folder of its own what the stages do.
struct FolderExamination {
    private let folder: String
    private let system: SystemFiles

    init(_ folder: String, _ system: SystemFiles) {
        (self.folder, self.system) = (folder, system)
    }

    /// Nothing is left behind.
    ///
    /// - Throws: `Interrupted`.
    func findings() throws -> [Finding] {
        let absolute = URL(literalPath: folder).standardizedFileURL.path
        switch InputFile.isFolder(absolute) {
        case nil:
            return [.wrong(.folder, "there is no \(folder)", "create it, or name another one")]
        case false?:
            return [.wrong(.folder, "\(folder) is no folder", "name a folder")]
        case true?: break
        }
        let mount = system.mount(of: realPath(absolute))
        let words = mount.map { "\($0.type) at \($0.place)" } ?? "a folder"
        let space = self.space(absolute)
        let place: String
        do { place = try makeFolder(in: absolute) } catch {
            let advice = "choose another folder for datasets, or see to the right to write there"
            return [.wrong(.folder, "\(words), \(reason(error))", advice)] + space
        }
        defer { try? FileManager.default.removeItem(atPath: place) }
        var found = [Finding.fine(.folder, "\(words), can be written to")] + space
        for look in [writing, links, names, clock] {
            try Interruption.check()
            found.append(look(place))
        }
        found.append(locks(place, type: mount?.type ?? ""))
        return found
    }

    /// The path without symbolic links. The corresponding C function is `realpath`.
    private func realPath(_ path: String) -> String {
        guard let found = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// Makes a folder that nobody else has. The corresponding C function is `mkdtemp`.
    private func makeFolder(in folder: String) throws(DatasetError) -> String {
        var name = Array("\(folder)/.steadyset-doctor-XXXXXX".utf8CString)
        let made = unsafe name.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        guard let made else {
            throw DatasetError(
                .cannotCreate, "cannot be written to: \(unsafe String(cString: strerror(errno)))")
        }
        return made
    }

    private func reason(_ error: any Error) -> String { DatasetError(error).message }

    /// The corresponding C function is `statvfs`.
    private func space(_ path: String) -> [Finding] {
        var facts = statvfs()
        guard let free = DiskSpace.free(at: path), unsafe statvfs(path, &facts) == 0 else {
            return [.fine(.space, "how much is free, the file system does not say")]
        }
        // Some file systems have no fixed number of files, and say 0.
        let files = facts.f_files > 0 ? Int(clamping: facts.f_favail) : nil
        let words =
            "\(Words.bytes(free)) and "
            + "\(files.map { "\($0) files" } ?? "any number of files") free"
        if free < 10_000_000 || files.map({ $0 < 100 }) ?? false {
            return [.wrong(.space, words, "free some, or choose another disk")]
        }
        if free < 1_000_000_000 || files.map({ $0 < 10_000 }) ?? false {
            return [
                .note(.space, words, "steadyset run --dry-run PIPELINE says what it would take")
            ]
        }
        return [.fine(.space, words)]
    }

    /// Whether files become visible whole, and are on the disk then.
    private func writing(_ place: String) -> Finding {
        let path = "\(place)/file"
        let watch = Stopwatch()
        do {
            // The second takes the place of the first.
            for byte in [UInt8(1), 2] {
                try AtomicFile.write([UInt8](repeating: byte, count: 4096), to: path)
            }
            guard
                try InputFile.read(path, maximumBytes: 1 << 16)
                    == [UInt8](repeating: 2, count: 4096)
            else {
                return .wrong(
                    .writing, "a file that was written is another when it is read",
                    "the file system loses data: choose another one")
            }
        } catch {
            return .wrong(
                .writing, "a file cannot be written, put on the disk and renamed: \(reason(error))",
                "choose another folder for datasets")
        }
        let seconds = watch.seconds / 2
        let words = "files are renamed and put on the disk in \(milliseconds(seconds))"
        guard seconds > 0.5 else { return .fine(.writing, words) }
        return .note(
            .writing, words,
            "each part, shard and manifest waits so long: raise samples_per_part and "
                + "samples_per_shard, or choose a faster disk")
    }

    private func milliseconds(_ seconds: Double) -> String {
        "\(Words.digits(seconds * 1000)) ms"
    }

    private func links(_ place: String) -> Finding {
        let first = "\(place)/first"
        do {
            try AtomicFile.write([1], to: first)
            if try AtomicFile.link(first, as: "\(place)/second") {
                return .fine(.links, "a file can have two names (hard links)")
            }
        } catch {
            return .wrong(
                .links, "a file cannot get a second name: \(reason(error))",
                "choose another folder for datasets")
        }
        return .note(
            .links, "a file has one name alone (no hard links)",
            "pack copies parts into shards, which takes their space a second time; on another "
                + "file system it would not")
    }

    private func names(_ place: String) -> Finding {
        let isSame =
            (try? AtomicFile.write([1], to: "\(place)/Name")) != nil
            && (try? PathEntry(at: "\(place)/name")) != .nothing
        guard isSame else { return .fine(.names, "Name and name are two files") }
        return .note(
            .names, "Name and name are one file",
            "give windows, tags and datasets names that differ in more than capitals")
    }

    /// The corresponding C function is `stat`.
    private func clock(_ place: String) -> Finding {
        let now = Date().timeIntervalSince1970
        guard now > Self.earliest else {
            return .wrong(
                .clock, "this machine's clock says \(Date().ISO8601Format())",
                "set it: certificates of servers and times of files are wrong by it")
        }
        var status = stat()
        let path = "\(place)/now"
        guard (try? AtomicFile.write([1], to: path)) != nil, unsafe stat(path, &status) == 0 else {
            return .wrong(
                .clock, "the time of a new file cannot be read", "choose another folder")
        }
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        let off = Double(modified.tv_sec) + Double(modified.tv_nsec) / 1e9 - now
        guard abs(off) > 5 else {
            return .fine(.clock, "the file system has the time of this machine")
        }
        return .note(
            .clock,
            "new files are \(Words.duration(abs(off))) \(off < 0 ? "old" : "in the future")",
            "set the clocks of this machine and of the file server: make, rsync and Snakemake go "
                + "by times")
    }

    /// Nothing of this is older: 1 January 2026.
    private static let earliest = 1_767_225_600.0

    private func locks(_ place: String, type: String) -> Finding {
        let path = "\(place)/lock"
        do {
            let first = try FileLock(path, shared: false, holder: path)
            let isTaken = withExtendedLifetime(first) {
                do {
                    _ = try FileLock(path, shared: false, holder: path)
                    return false
                } catch { return DatasetError(error).kind == .inUse }
            }
            if isTaken, first.file != nil {
                return .note(
                    .locks, "the file system has no locks (flock); lock files take their place",
                    "nothing, where all machines mount it alike; where a process is killed on "
                        + "another machine, its lock ends ten minutes later")
            }
            guard isTaken else {
                return .wrong(
                    .locks, "a lock that is held can be taken again",
                    "two processes would write into one dataset unnoticed: choose another folder, "
                        + "or see to it that one alone does")
            }
        } catch {
            return .wrong(
                .locks, "no lock can be taken: \(DatasetError(error).message)",
                "choose another folder, or pass --no-lock and see to it that one process alone "
                    + "writes into a dataset")
        }
        let shared = ["nfs", "nfs4", "cifs", "smb3", "lustre", "9p", "ceph", "gpfs", "beegfs"]
        guard shared.contains(type) || type.hasPrefix("fuse.") else {
            return .fine(.locks, "a lock that is held is not given twice (flock)")
        }
        return .note(
            .locks, "locks hold on this machine; \(type) may have them for each machine alone",
            "see to it that machines write into one dataset by steps of its plan alone")
    }
}
