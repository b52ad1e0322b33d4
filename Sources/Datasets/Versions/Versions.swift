internal import Documents
package import Fields
internal import Foundation
package import Shards

/// The versions of a dataset: the base, `pack/manifest.json`, and those that rounds made of it,
/// each a file `pack/version-<16 digits of its id>.json` that names its parent.
package struct Versions {
    /// The dataset, whatever its version.
    package let dataset: Dataset
    /// The folder of its pack stage.
    package let folder: String

    /// How the base is called.
    package static let base = "base"
    /// The fewest digits that name a version.
    package static let fewestDigits = 4

    package init(of dataset: Dataset) {
        self.dataset = dataset.at(nil)
        folder = dataset.folder(.pack)
    }

    /// The name of the manifest of a version other than the base.
    package static func fileName(of id: Digest) -> String { "version-\(id.short).json" }

    /// The first 16 digits of the ids of all versions but the base, ascending; from the names of
    /// files alone.
    package func shortIDs() -> [String] {
        Versions.shortIDs(
            among: (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    }

    /// The same among the names of files.
    package static func shortIDs(among names: [String]) -> [String] {
        names.filter { $0.hasPrefix("version-") && $0.hasSuffix(".json") }.map {
            String($0.dropFirst("version-".count).dropLast(".json".count))
        }.filter { $0.utf8.count == 16 && Versions.areDigits($0) }.sorted()
    }

    /// Whether these are lower-case hexadecimal digits.
    package static func areDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// The base's manifest.
    package func baseManifest() throws -> Manifest { try dataset.manifest(.pack) }

    /// The manifest of the version whose id starts with these 16 digits, checked by itself; not its
    /// parents.
    package func manifest(short: String) throws -> Manifest {
        let path = "\(folder)/version-\(short).json"
        let manifest = try Manifest.read(path: path)
        guard manifest.stage == Stage.pack.rawValue, let parent = manifest.parent else {
            throw DatasetError(
                .data, "\(path): is not the manifest of a version: it has no " + "parent")
        }
        guard manifest.id.short == short, manifest.inputs.count == 1,
            manifest.inputs[0].id == parent
        else {
            throw DatasetError(
                .data,
                "\(path): is not the version that its name says, or names " + "another parent")
        }
        return manifest
    }

    /// The manifest of a version and those of all that it was made from, the base first.
    ///
    /// - Throws: `DatasetError` where one is missing, altered, or does not continue its parent.
    package func lineage(of id: Digest?) throws -> [Manifest] {
        guard let id else { return [try baseManifest()] }
        var chain: [Manifest] = []
        var next: Digest? = id
        while let wanted = next {
            let path = "\(folder)/\(Versions.fileName(of: wanted))"
            guard InputFile.isFolder(path) != nil else {
                guard let child = chain.last else {
                    throw DatasetError(
                        .noInput,
                        "\(dataset.root) has no version " + "\(wanted.short): \(listing())")
                }
                guard let base = try? baseManifest(), base.id == wanted else {
                    throw orphan(child, wanted)
                }
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
    private func check(_ child: Manifest, continues parent: Manifest) throws {
        let path = "\(folder)/\(Versions.fileName(of: child.id))"
        guard child.inputs[0].path == parent.packPath, child.parameters == parent.parameters else {
            throw DatasetError(
                .data, "\(path): its parent \(parent.id.short) is of another " + "place or problem")
        }
        guard Array(child.files.prefix(parent.files.count)) == parent.files else {
            throw DatasetError(
                .data,
                "\(path): its parent \(parent.id.short) was altered: its shards are not those "
                    + "that this version builds on. Pack the dataset as it was before, or forget "
                    + "the version with 'steadyset gc --drop'")
        }
        let (old, new) = (
            parent.content["selections"]?.array ?? [], child.content["selections"]?.array ?? []
        )
        guard Array(new.prefix(old.count)) == old else {
            throw DatasetError(
                .data, "\(path): changes selections of its parent " + "\(parent.id.short)")
        }
    }

    /// What a version's error says whose parent is not there.
    private func orphan(_ child: Manifest, _ parent: Digest) -> DatasetError {
        DatasetError(
            .data,
            "\(folder)/\(Versions.fileName(of: child.id)): its parent, version \(parent.short), "
                + "is missing or was altered. Bring it back, or forget this version with "
                + "'steadyset gc --drop \(child.id.short)'")
    }

    /// The id of the version that `text` names: a tag, `base`, or the first digits of an id; nil
    /// for the base.
    ///
    /// - Throws: `DatasetError` of kind `.noInput` that lists what there is.
    package func resolve(_ text: String) throws -> Digest? {
        guard !text.isEmpty else {
            throw DatasetError(.usage, "'\(dataset.root)@' names no version: \(listing())")
        }
        if text == Versions.base { return nil }
        let base = try? baseManifest().id
        if let id = try tags()[text] {
            if id == base { return nil }
            guard InputFile.isFolder("\(folder)/\(Versions.fileName(of: id))") != nil else {
                throw DatasetError(
                    .data,
                    "\(dataset.root): the tag '\(text)' is of version \(id.short), which is not "
                        + "there: \(listing())")
            }
            return id
        }
        if text.utf8.count >= Versions.fewestDigits, text.utf8.count <= 64, Versions.areDigits(text)
        {
            let isBase = base?.description.hasPrefix(text) ?? false
            let found = shortIDs().filter { $0.hasPrefix(text.prefix(16)) }
            guard found.count + (isBase ? 1 : 0) <= 1 else {
                throw DatasetError(
                    .usage,
                    "\(dataset.root): '\(text)' is the beginning of several versions: write more "
                        + "digits. \(listing())")
            }
            if isBase { return nil }
            if let short = found.first {
                let id = try manifest(short: short).id
                if id.description.hasPrefix(text) { return id }
            }
        }
        throw DatasetError(.noInput, "\(dataset.root) has no version '\(text)': \(listing())")
    }

    /// What there is, for messages.
    package func listing() -> String {
        let tags = (try? tags()) ?? [:]
        let others = shortIDs().map { short in
            let names = tags.filter { $0.value.short == short }.keys.sorted()
            return names.isEmpty ? short : "\(names.joined(separator: ", ")) (\(short))"
        }
        return "there "
            + (others.isEmpty ? "is only 'base'" : "are base, \(others.joined(separator: ", "))")
    }
}
