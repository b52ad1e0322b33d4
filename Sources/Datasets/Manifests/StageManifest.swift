internal import Documents
package import Fields
package import Shards

/// A stage's manifest, read once into a type: whoever holds one need not ask again whether a member
/// is there.
package protocol StageManifest: Hashable, Sendable {
    /// The stage that writes it.
    static var stage: Stage { get }
    /// Samples that the result is of.
    var count: Int { get }
    /// The manifest as it is written; its id is that of the stage's result.
    var manifest: Manifest { get }
    /// Reads the members of a manifest of this stage; `path` is for messages.
    init(members manifest: Manifest, path: String) throws(DatasetError)
}

extension StageManifest {
    /// Reads a manifest that its schema has accepted.
    ///
    /// - Parameter path: where it was read, for messages; its place in a dataset where none is
    ///   given.
    /// - Throws: `DatasetError` of kind `.data` that names the file and the member where one is
    ///   missing, has another type or is out of range, or where the stage is another one.
    package init(_ manifest: Manifest, path: String? = nil) throws(DatasetError) {
        let path = path ?? "\(Self.stage.rawValue)/\(Manifest.fileName)"
        guard manifest.stage == Self.stage.rawValue else {
            throw DatasetError(
                .data,
                "\(path) belongs to the stage '\(manifest.stage)', not '\(Self.stage.rawValue)'",
                path: path, member: "stage")
        }
        do { try self.init(members: manifest, path: path) } catch { throw error.at(path) }
        // Whatever reads it sees all of it.
        guard self.manifest == manifest else {
            throw DatasetError(
                .data,
                "\(path) holds a value in another form than Steadyset writes: run 'steadyset "
                    + "\(Self.stage.rawValue)' again", path: path)
        }
    }

    /// The id of the stage's result.
    package var id: Digest { manifest.id }

    /// This manifest as an input of a later stage.
    package var input: Manifest.Input {
        let manifest = manifest
        return Manifest.Input(
            stage: manifest.stage,
            path: Self.stage == .pack
                ? manifest.packPath : "\(manifest.stage)/\(Manifest.fileName)",
            id: manifest.id)
    }
}

extension StageManifest {
    /// Whether it was made from this very result of an earlier stage.
    package func wasMade(from earlier: some StageManifest) -> Bool {
        let id = earlier.id
        return manifest.inputs.contains {
            $0.stage == type(of: earlier).stage.rawValue && $0.id == id
        }
    }
}

extension Dataset {
    /// Reads the manifest of a stage into the type that it has.
    package func typedManifest(_ stage: Stage) throws -> any StageManifest {
        func read<Own: StageManifest>(_ type: Own.Type) throws -> any StageManifest {
            try manifest(type)
        }
        return try read(StageManifests.type(of: stage))
    }

    /// Reads the manifest of a stage into its type; that of the pack stage of the version that is
    /// meant.
    ///
    /// - Throws: as `manifest(_: Stage)`; `DatasetError` where a member is not what it must be.
    package func manifest<Own: StageManifest>(_ type: Own.Type) throws -> Own {
        let manifest = try manifest(Own.stage)
        let name =
            Own.stage == .pack
            ? path(manifest.packPath) : "\(folder(Own.stage))/\(Manifest.fileName)"
        return try KnownManifests.derived(from: manifest, at: name) {
            try Own(manifest, path: name)
        }
    }
}
