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
    private let isReplacing: Bool
    /// What the text of a card has in it, where this is one.
    private let mark: String?
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

    /// Prepares the folder `FILE.card` that describes the file at `path`. One that an export left
    /// whose file did not appear is replaced.
    package static func card(of path: String) throws -> ExportDestination {
        let destination = try ExportDestination(path + ".card", replacing: CardText.mark)
        try destination.createFolder()
        return destination
    }

    private init(_ path: String, replacing mark: String? = nil) throws {
        let whole = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = whole
        self.mark = mark
        isReplacing = mark.map { ExportDestination.isCard(whole, $0) } ?? false
        temporary = AtomicFile.temporary(for: self.path)
        guard try isReplacing || PathEntry(at: self.path) == .nothing else {
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
        guard try isOwn(marker) else {
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
        let own = lock?.file.map { ($0 as NSString).lastPathComponent }
        for name in try FileManager.default.contentsOfDirectory(atPath: temporary)
        where name != ExportDestination.marker && name != own {
            try FileManager.default.removeItem(atPath: "\(temporary)/\(name)")
        }
    }

    /// Whether what is in the temporary folder's place may be taken: nothing, or what an export
    /// left. One that was killed between the first two steps left an empty folder without a marker,
    /// and one between the last two no marker any more, but all else.
    private func isOwn(_ marker: String) throws -> Bool {
        switch try PathEntry(at: temporary) {
        case .nothing: true
        case .folder:
            try InputFile.isFolder(marker) == false
                || InputFile.isFolder("\(temporary)/\(ExportDestination.summary)") == false
                || mark.map { ExportDestination.isCard(temporary, $0) } ?? false
                || PathEntry.names(in: temporary).isEmpty
        case .file, .link, .other: false
        }
    }

    /// Whether a folder is a card that the program wrote.
    private static func isCard(_ path: String, _ mark: String) -> Bool {
        let text = try? InputFile.read("\(path)/README.md", maximumBytes: 1 << 24)
        return text.map { $0.firstRange(of: mark.utf8) != nil } ?? false
    }

    /// Removes what appeared.
    func withdraw() { try? FileManager.default.removeItem(atPath: path) }

    /// Makes the export appear.
    package func commit() throws {
        if let lock {
            try AtomicFile.withdraw("\(temporary)/\(ExportDestination.marker)")
            lock.withdraw()
        }
        isCommitted = true
        if isReplacing { withdraw() }
        do { try AtomicFile.commit(temporary: temporary, as: path) } catch {
            // A card that appeared, but may not last, goes, as its file does.
            if mark != nil, (try? PathEntry(at: temporary)) == .nothing { withdraw() }
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }
}
