internal import Datasets
internal import Foundation
internal import Shards

/// Where an export goes: a file or a folder that appears only when it is complete, and replaces
/// nothing.
///
/// It is written to `.NAME.tmp` beside its place. A folder there holds `.steadyset-export` while it
/// is written, which is locked; one that a killed run left is taken over, any other folder of that
/// name is left alone.
package final class ExportDestination {
    /// The final path.
    package let path: String
    /// What is written until then.
    package let temporary: String
    private var lock: FileLock?
    private var isCommitted = false
    /// The file of a folder that lists the others; it is written last.
    package static let summary = "export.json"
    private static let marker = ".steadyset-export"

    /// Prepares a file; its writer creates it.
    package static func file(_ path: String) throws -> ExportDestination {
        try ExportDestination(path)
    }

    /// Prepares a folder and creates it.
    package static func folder(_ path: String) throws -> ExportDestination {
        let destination = try ExportDestination(path)
        try destination.createFolder()
        return destination
    }

    private init(_ path: String) throws {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        temporary = AtomicFile.temporary(for: self.path)
        guard try PathEntry(at: self.path) == .nothing else {
            throw DatasetError(
                .cannotCreate,
                "\(self.path) exists: exports replace nothing, so remove it or choose another "
                    + "--output")
        }
        let parent = URL(literalPath: self.path).deletingLastPathComponent().path
        guard InputFile.isFolder(parent) == true else {
            throw DatasetError(
                .cannotCreate,
                "\(parent): there is no such folder: create it, or check --output")
        }
    }

    deinit {
        guard !isCommitted else { return }
        if lock != nil {
            try? FileManager.default.removeItem(atPath: temporary)
        } else {
            AtomicFile.remove(temporary)
        }
    }

    private func createFolder() throws {
        let marker = "\(temporary)/\(ExportDestination.marker)"
        // What was killed between the last two steps has no marker any more, but is complete.
        if InputFile.isFolder(temporary) != nil, InputFile.isFolder(marker) != false,
            InputFile.isFolder("\(temporary)/\(ExportDestination.summary)") != false
        {
            throw DatasetError(
                .cannotCreate,
                "\(temporary) exists and is no unfinished export: remove it, or choose another "
                    + "--output")
        }
        let created = try Folder.create(temporary)
        do { lock = try FileLock(marker, shared: false, holder: path) } catch {
            Folder.remove(created)
            throw error
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: temporary)
        where name != ExportDestination.marker {
            try FileManager.default.removeItem(atPath: "\(temporary)/\(name)")
        }
    }

    /// Makes the export appear.
    package func commit() throws {
        if lock != nil { try AtomicFile.withdraw("\(temporary)/\(ExportDestination.marker)") }
        isCommitted = true
        do { try AtomicFile.commit(temporary: temporary, as: path) } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }
}
