internal import Documents
package import Fields
internal import Foundation
internal import Shards

/// The versions of a dataset: the base, `pack/manifest.json`, and those that rounds made of it,
/// each a file `pack/version-<16 digits of its id>.json` that names its parent.
package struct Versions {
    /// The dataset, whatever its version.
    package let dataset: Dataset
    /// The folder of its pack stage.
    package let folder: String

    /// How the base is called.
    package static let base = "base"

    package init(of dataset: Dataset) {
        self.dataset = dataset.at(nil)
        folder = dataset.folder(.pack)
    }

    /// The first 16 digits of the ids of all versions but the base, ascending; from the names of
    /// files alone.
    ///
    /// - Throws: `DatasetError` of kind `.noInput` where the folder is there and cannot be read.
    package func shortIDs() throws(DatasetError) -> [String] {
        Versions.shortIDs(
            among: try PathEntry.names(
                in: folder, orThrow: .noInput,
                "so nobody knows which versions there are: make it readable"))
    }

    /// The same among the names of files.
    package static func shortIDs(among names: [String]) -> [String] {
        names.filter { $0.hasPrefix("version-") && $0.hasSuffix(".json") }.map {
            String($0.dropFirst("version-".count).dropLast(".json".count))
        }.filter { $0.utf8.count == 16 && Digest.areDigits($0) }.sorted()
    }

    /// The base's manifest.
    package func baseManifest() throws -> PackManifest {
        try dataset.manifest(PackManifest.self)
    }

    /// The base's id; nil where there is no base.
    ///
    /// - Throws: `DatasetError` where it is there and cannot be read.
    package func baseID() throws -> Digest? {
        guard try PathEntry(at: "\(folder)/\(Manifest.fileName)") != .nothing else { return nil }
        return try baseManifest().id
    }

    /// The manifest of the version whose id starts with these 16 digits, checked by itself; not its
    /// parents.
    package func manifest(short: String) throws -> PackManifest {
        let path = "\(folder)/version-\(short).json"
        let manifest = try PackManifest(try Manifest.read(path: path), path: path)
        guard let parent = manifest.parent else {
            throw DatasetError(
                .data, "\(path): is not the manifest of a version: it has no parent", path: path)
        }
        guard manifest.id.short == short, manifest.inputs.count == 1,
            manifest.inputs[0].id == parent
        else {
            throw DatasetError(
                .data,
                "\(path): is not the version that its name says, or names another parent")
        }
        return manifest
    }

    /// The manifest of a version and those of all that it was made from, the base first.
    ///
    /// - Throws: `DatasetError` where one is missing, altered, or does not continue its parent.
    package func lineage(of id: Digest?) throws -> [PackManifest] {
        guard let id else { return [try baseManifest()] }
        var chain: [PackManifest] = []
        var next: Digest? = id
        while let wanted = next {
            let path = "\(folder)/\(PackManifest.fileName(of: wanted))"
            guard try PathEntry(at: path) != .nothing else {
                guard let child = chain.last else {
                    throw DatasetError(
                        .noInput,
                        "\(dataset.root) has no version \(wanted.short): \(try listing())")
                }
                let base: PackManifest
                do { base = try baseManifest() } catch { throw orphan(child, wanted, error) }
                guard base.id == wanted else { throw orphan(child, wanted) }
                chain.append(base)
                break
            }
            let manifest = try manifest(short: wanted.short)
            guard manifest.id == wanted, chain.count < 100_000 else {
                throw orphan(chain.last ?? manifest, wanted)
            }
            chain.append(manifest)
            next = manifest.parent
        }
        chain.reverse()
        for (parent, child) in zip(chain, chain.dropFirst()) { try check(child, continues: parent) }
        return chain
    }

    /// Refuses a version that does not begin with all that its parent has.
    private func check(_ child: PackManifest, continues parent: PackManifest) throws {
        let path = "\(folder)/\(PackManifest.fileName(of: child.id))"
        guard child.inputs[0].path == parent.packPath, child.physics == parent.physics,
            child.accuracy == parent.accuracy
        else {
            throw DatasetError(
                .data, "\(path): its parent \(parent.id.short) is of another place or problem")
        }
        guard Array(child.shards.prefix(parent.shards.count)) == parent.shards else {
            throw DatasetError(
                .data,
                "\(path): its parent \(parent.id.short) was altered: its shards are not those "
                    + "that this version builds on. Pack the dataset as it was before, or forget "
                    + "the version with 'steadyset gc --drop'")
        }
        guard Array(child.selections.prefix(parent.selections.count)) == parent.selections else {
            throw DatasetError(
                .data, "\(path): changes selections of its parent \(parent.id.short)")
        }
    }

    /// What a version's error says whose parent is not there.
    private func orphan(_ child: PackManifest, _ parent: Digest, _ cause: (any Error)? = nil)
        -> DatasetError
    {
        DatasetError(
            .data,
            "\(folder)/\(PackManifest.fileName(of: child.id)): its parent, version "
                + "\(parent.short), is missing or was altered. Bring it back, or forget this "
                + "version with 'steadyset gc --drop \(child.id.short)'", cause: cause)
    }

    /// The id of the version that `text` names: a tag, `base`, or the first digits of an id; nil
    /// for the base.
    ///
    /// - Throws: `DatasetError` of kind `.noInput` that lists what there is.
    package func resolve(_ text: String) throws -> Digest? {
        guard !text.isEmpty else {
            throw DatasetError(.usage, "'\(dataset.root)@' names no version: \(try listing())")
        }
        if text == Versions.base { return nil }
        let base = try baseID()
        if let id = try tags()[text] {
            if id == base { return nil }
            guard try PathEntry(at: "\(folder)/\(PackManifest.fileName(of: id))") != .nothing else {
                throw DatasetError(
                    .data,
                    "\(dataset.root): the tag '\(text)' is of version \(id.short), which is not "
                        + "there: \(try listing())")
            }
            return id
        }
        if text.utf8.count >= Digest.fewestDigits, text.utf8.count <= 64, Digest.areDigits(text) {
            let isBase = base?.description.hasPrefix(text) ?? false
            let found = try shortIDs().filter { $0.hasPrefix(text.prefix(16)) }
            guard found.count + (isBase ? 1 : 0) <= 1 else {
                throw DatasetError(
                    .usage,
                    "\(dataset.root): '\(text)' is the beginning of several versions: write more "
                        + "digits. \(try listing())")
            }
            if isBase { return nil }
            if let short = found.first {
                let id = try manifest(short: short).id
                if id.description.hasPrefix(text) { return id }
            }
        }
        throw DatasetError(.noInput, "\(dataset.root) has no version '\(text)': \(try listing())")
    }

    /// What there is, for messages.
    package func listing() throws -> String {
        let tags = try tags()
        let others = try shortIDs().map { short in
            let names = tags.filter { $0.value.short == short }.keys.sorted()
            return names.isEmpty ? short : "\(names.joined(separator: ", ")) (\(short))"
        }
        return "there "
            + (others.isEmpty ? "is only 'base'" : "are base, \(others.joined(separator: ", "))")
    }
}
