public import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What `steadyset gc` does: finds the files that no version of a dataset names, and removes them
/// on request.
///
/// Removed are only files and folders with names that this program gives: those of `pack` that no
/// version lists, and the work of rounds that neither a version nor the next round needs.
public struct VersionCleaning {
    /// A file or a folder that nothing needs.
    public struct Item: Hashable, Sendable {
        /// Its path in the dataset.
        public let path: String
        /// Bytes of it and all that is in it.
        public let bytes: Int
    }

    /// What would be removed, by path.
    public let items: [Item]
    /// Ids of versions that would be forgotten.
    public let dropped: [String]
    private let dataset: Dataset
    private let droppedTags: Set<String>
    private let droppedRounds: Set<Int>
    private let lock: FileLock

    /// Bytes that would become free.
    public var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

    /// Looks at the dataset at `path`, whose lock is held until this is dropped; removes nothing.
    ///
    /// - Parameter drop: versions to forget, tags or the first digits of ids.
    /// - Throws: `DatasetError` where a version that is kept was made from one to forget or cannot
    ///   be read, so that nobody knows what it needs.
    public init(path: String, drop: [String]) throws {
        let dataset = try PackedSamples.locate(path).at(nil)
        lock = try dataset.claim(mustExist: true, forgetting: true)
        self.dataset = dataset
        let versions = Versions(of: dataset)
        let tags = try versions.tags()
        let base = try versions.baseManifest()
        let begun = try Forgetting(in: dataset.privateFolder)
        let forgotten = try Set(
            drop.map {
                try begun?.version(named: $0) ?? VersionCleaning.short($0, versions, tags, base)
            } + (begun?.versions.keys ?? [:].keys))
        let kept = try versions.shortIDs().filter { !forgotten.contains($0) }.map { short in
            do { return try versions.manifest(short: short) } catch {
                throw DatasetError(
                    .data,
                    "\(DatasetError(error).message). What this version needs is not known: bring "
                        + "it back, or forget it with --drop \(short)")
            }
        }
        for version in kept {
            if let parent = version.parent, forgotten.contains(parent.short) {
                throw DatasetError(
                    .usage,
                    "version \(parent.short) cannot be forgotten: version \(version.id.short) was "
                        + "made from it; forget that too with --drop \(version.id.short)")
            }
        }
        var numbers = begun?.rounds ?? []
        for short in forgotten {
            // What is forgotten need not be readable.
            if let number = try? versions.manifest(short: short).descent?.round.number {
                numbers.insert(number)
            }
        }
        dropped = forgotten.sorted()
        droppedTags = Set(tags.filter { forgotten.contains($0.value.short) }.keys)
        droppedRounds = numbers
        items = try VersionCleaning.unneeded(
            dataset, versions, manifests: [base] + kept, droppedRounds: numbers
        ).sorted { $0.path < $1.path }
    }

    /// The first digits of the version that `text` names, which need not be readable.
    private static func short(
        _ text: String, _ versions: Versions, _ tags: [String: Digest], _ base: PackManifest
    ) throws -> String {
        let digits = tags[text]?.description ?? text
        if text == Versions.base
            || (digits.utf8.count >= Digest.fewestDigits && base.id.description.hasPrefix(digits))
        {
            throw DatasetError(
                .usage,
                "the base cannot be forgotten: remove the folder \(versions.dataset.root) instead")
        }
        let isID = digits.utf8.count >= Digest.fewestDigits && Digest.areDigits(digits)
        let found = try versions.shortIDs().filter { isID && $0.hasPrefix(digits.prefix(16)) }
        guard found.count == 1 else {
            throw DatasetError(
                .noInput,
                "\(versions.dataset.root) has "
                    + "\(found.isEmpty ? "no version" : "several versions") '\(text)': "
                    + (try versions.listing()))
        }
        return found[0]
    }

    /// Everything in `pack` and `rounds` that the versions do not need.
    private static func unneeded(
        _ dataset: Dataset, _ versions: Versions, manifests: [PackManifest], droppedRounds: Set<Int>
    ) throws -> [Item] {
        var named: Set<String> = []
        var rounds: Set<Int> = []
        for manifest in manifests {
            named.formUnion(manifest.shards.map(\.file.path))
            named.formUnion(manifest.companions.map(\.path))
            if let descent = manifest.descent {
                named.insert(PackManifest.fileName(of: manifest.id))
                rounds.insert(descent.round.number)
            }
        }
        var items: [Item] = []
        for name in try PathEntry.names(in: versions.folder)
        where !named.contains(name) && isOurs(name) {
            items.append(try item("\(Stage.pack.rawValue)/\(name)", in: dataset))
        }
        // The round after the last may be at work.
        let next = (rounds.max() ?? 0) + 1
        for name in try PathEntry.names(in: dataset.path(Dataset.roundsName)) {
            if isRemoved(round: name) {
                items.append(try item("\(Dataset.roundsName)/\(name)", in: dataset))
                continue
            }
            guard let number = Int(name), String(number) == name, number >= 1,
                !rounds.contains(number)
            else { continue }
            if number != next || droppedRounds.contains(number) {
                items.append(try item("\(Dataset.roundsName)/\(name)", in: dataset))
            }
        }
        return items
    }

    /// Whether a file of the pack stage has a name that this program gives, as it is or while it is
    /// written.
    package static func isOurs(_ name: String) -> Bool {
        let plain =
            name.hasPrefix(".") && name.hasSuffix(".tmp")
            ? String(name.dropFirst().dropLast(4)) : name
        if plain != name,
            [Versions.tagsName, Manifest.fileName, LocationTable.fileName].contains(plain)
        {
            return true
        }
        let forms = [
            (ShardName.added, ".h5"), ("choices-", ".csv"), ("locations-", ".npy"),
            ("version-", ".json"),
        ]
        for (prefix, suffix) in forms where plain.hasPrefix(prefix) && plain.hasSuffix(suffix) {
            let digits = plain.dropFirst(prefix.count).dropLast(suffix.count)
            return digits.utf8.count == 16 && Digest.areDigits(digits)
        }
        for part in Split.Part.allCases
        where plain.hasPrefix("\(part.rawValue)-") && plain.hasSuffix(".h5") {
            let digits = plain.dropFirst(part.rawValue.count + 1).dropLast(3)
            return digits.utf8.count >= 5 && digits.utf8.allSatisfy { (48...57).contains($0) }
        }
        return false
    }

    /// The item at a path, with the bytes of every file below it.
    private static func item(_ path: String, in dataset: Dataset) throws -> Item {
        let whole = dataset.path(path)
        func size(_ path: String) -> Int {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return attributes?[.type] as? FileAttributeType == .typeRegular
                ? attributes?[.size] as? Int ?? 0 : 0
        }
        let inside =
            FileManager.default.enumerator(atPath: whole)?.compactMap { $0 as? String } ?? []
        return Item(
            path: path, bytes: size(whole) + inside.reduce(0) { $0 + size("\(whole)/\($1)") })
    }

    /// The name of a round's work while it is removed.
    private static func removedName(round name: Substring) -> String { ".\(name).tmp" }

    /// Whether a name in the folder of rounds is that of work while it is removed.
    private static func isRemoved(round name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".tmp") && Int(name.dropFirst().dropLast(4)) != nil
    }

    /// Forgets the versions and removes the files. Killed at any moment, it leaves a whole dataset,
    /// and the same command, or `gc` without more, removes the rest.
    public func apply() throws {
        let versions = Versions(of: dataset)
        let tags = Dictionary(
            grouping: try versions.tags().filter { droppedTags.contains($0.key) }, by: \.value.short
        )
        let begun = try Forgetting(in: dataset.privateFolder)
        let forgetting = Forgetting(
            versions: Dictionary(
                uniqueKeysWithValues: dropped.map {
                    ($0, (begun?.versions[$0] ?? []) + (tags[$0] ?? []).map(\.key))
                }), rounds: droppedRounds)
        if !dropped.isEmpty || !droppedRounds.isEmpty {
            try forgetting.write(in: dataset.privateFolder)
        }
        // The work of a round goes as a whole, at once; then tags, then versions, which go before
        // their shards do.
        let paths = try items.map { item in
            let prefix = "\(Dataset.roundsName)/"
            guard item.path.hasPrefix(prefix), Int(item.path.dropFirst(prefix.count)) != nil else {
                return item.path
            }
            let aside =
                prefix + VersionCleaning.removedName(round: item.path.dropFirst(prefix.count))
            if try PathEntry(at: dataset.path(aside)) != .nothing { try remove(aside) }
            guard unsafe rename(dataset.path(item.path), dataset.path(aside)) == 0 else {
                throw DatasetError(
                    ShardsError(errno: errno, "rename", path: dataset.path(item.path)))
            }
            return aside
        }
        for number in droppedRounds
        where items.contains(where: { $0.path == "\(Dataset.roundsName)/\(number)" }) {
            try StepRecord.remove(Dataset.roundStep(number, .pack), in: dataset)
        }
        try versions.deleteTags(droppedTags)
        let manifests = paths.filter { $0.hasPrefix("\(Stage.pack.rawValue)/version-") }
        for path in manifests + paths.filter({ !manifests.contains($0) }) {
            let name = String(path.dropFirst(Stage.pack.rawValue.count + 1))
            if name.hasPrefix(ShardName.added) {
                try StepRecord.remove(ShardName.step(name), in: dataset)
            }
            // One that stood aside and was listed for itself is gone by now.
            if try PathEntry(at: dataset.path(path)) != .nothing { try remove(path) }
        }
        Forgetting.remove(in: dataset.privateFolder)
    }

    private func remove(_ path: String) throws {
        do { try FileManager.default.removeItem(atPath: dataset.path(path)) } catch {
            throw DatasetError(
                .io, "\(dataset.path(path)): cannot be removed: \(error.localizedDescription)")
        }
    }

    /// The result for machines; `applied` says whether it was done.
    public func json(applied: Bool) -> JSON {
        .object([
            "dataset": .string(dataset.root), "applied": .bool(applied), "bytes": .integer(bytes),
            "dropped": .array(dropped.map(JSON.string)),
            "files": .array(
                items.map { .object(["path": .string($0.path), "bytes": .integer($0.bytes)]) }),
        ])
    }

    /// The result for a person.
    public func text(applied: Bool) -> String {
        guard !items.isEmpty else {
            return "\(dataset.root): there is nothing that no version needs\n"
        }
        let word = applied ? "removed" : "would remove"
        var lines = dropped.map { "\(applied ? "forgot" : "would forget") version \($0)" }
        lines += items.map { "\(word) \($0.path), \(Words.bytes($0.bytes))" }
        lines.append(
            "\(word) \(items.count) \(items.count == 1 ? "file or folder" : "files and folders"), "
                + "\(bytes) bytes" + (applied ? "" : "; --apply does it"))
        return lines.joined(separator: "\n") + "\n"
    }
}
