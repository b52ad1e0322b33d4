public import Fields
internal import Foundation
package import Shards
package import Solving

/// The folder of a dataset: one folder a stage, and `.steadyset` for what only this program reads.
///
///     DIR/sample  DIR/solve  DIR/split  DIR/pack      each ends with manifest.json
///     DIR/pack/version-….json                         further versions of what is packed
///     DIR/rounds/1  DIR/rounds/2  …                   the work of rounds, each a dataset's folder
///     DIR/.steadyset/lock  DIR/.steadyset/steps/…     locks and the records of finished steps
///     DIR/.steadyset/progress/…                       where work stands, for who asks
public struct Dataset: Hashable, Sendable {
    /// The folder's path.
    public let root: String
    /// The id of the version that is meant, or nil for the base; it matters to the pack stage
    /// alone.
    public let version: Digest?

    /// The folder at `root`, which need not exist yet.
    public init(root: String) {
        self.init(
            root: root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root,
            alone: nil, version: nil)
    }

    /// The folder of one stage that stands alone, under any name, without the rest of its dataset.
    package init(alone stage: Stage, folder: String) {
        self.init(root: folder, alone: stage, version: nil)
    }

    private init(root: String, alone: Stage?, version: Digest?) {
        self.root = root
        self.alone = alone
        self.version = version
    }

    /// The version with the id `version` of this dataset, or its base for nil.
    package func at(_ version: Digest?) -> Dataset {
        Dataset(root: root, alone: alone, version: version)
    }

    /// The stage whose folder `root` itself is, or nil.
    private let alone: Stage?

    /// The folder of a stage.
    package func folder(_ stage: Stage) -> String {
        stage == alone ? root : "\(root)/\(stage.rawValue)"
    }

    /// The path of a file that is named relative to the dataset.
    package func path(_ relative: String) -> String { "\(root)/\(relative)" }

    package static let privateName = ".steadyset"
    /// The folder of progress files.
    package static let progressName = "\(privateName)/progress"
    /// The folder of the work of rounds.
    package static let roundsName = "rounds"

    package var privateFolder: String { "\(root)/\(Dataset.privateName)" }
    package var stepsFolder: String { "\(privateFolder)/steps" }

    /// Reads the manifest of a stage; that of the pack stage of the version that is meant.
    ///
    /// - Throws: `DatasetError` that says which command makes it, where it is missing; or where a
    ///   version's parent is missing or was altered.
    package func manifest(_ stage: Stage) throws -> Manifest {
        if stage == .pack, let version,
            let manifest = try Versions(of: self).lineage(of: version).last
        {
            return manifest.manifest
        }
        do {
            let manifest = try Manifest.read(folder: folder(stage))
            guard manifest.stage == stage.rawValue else {
                throw DatasetError(
                    .data,
                    "\(folder(stage))/manifest.json belongs to the stage '\(manifest.stage)', not "
                        + "'\(stage)'")
            }
            guard stage != .pack || manifest.parent == nil else {
                throw DatasetError(
                    .data,
                    "\(folder(stage))/manifest.json is the manifest of a version, which belongs "
                        + "into \(PackManifest.fileName(of: manifest.id)): the base is missing")
            }
            return manifest
        } catch let error as ShardsError where error.code == .notFound {
            throw DatasetError(
                .noInput,
                "\(folder(stage)) has no manifest.json, so its stage is not finished: run "
                    + "'steadyset \(stage.rawValue)' with the same pipeline and --output first")
        }
    }

    /// Opens the folder for writing: creates it if need be, and makes sure that it holds nothing
    /// else and that nobody else writes to it, until the lock is dropped.
    ///
    /// - Parameters:
    ///   - shared: Whether other steps may be written at the same time (`step`); they lock theirs
    ///     each.
    ///   - mustExist: Whether the dataset has been begun, so that there is nothing to do in a new
    ///     folder.
    ///   - forgetting: Whether it is to go on with the forgetting of versions that a killed command
    ///     began.
    package func claim(shared: Bool = false, mustExist: Bool = false, forgetting: Bool = false)
        throws -> FileLock
    {
        if let isFolder = InputFile.isFolder(root) {
            guard isFolder else {
                throw DatasetError(
                    .cannotCreate, "\(root) is a file: choose a folder for --output")
            }
            let ours = Set(
                Stage.allCases.map(\.rawValue) + [Dataset.privateName, Dataset.roundsName])
            let present = try PathEntry.names(in: root)
            let others = present.filter { !ours.contains($0) }
            guard others.isEmpty || present.contains(Dataset.privateName) else {
                throw DatasetError(
                    .cannotCreate,
                    "\(root) holds something else (\(others.first ?? present[0])) and is no "
                        + "dataset of Steadyset: choose an empty or a new folder for --output")
            }
        } else if mustExist {
            throw DatasetError(
                .noInput,
                "\(root): there is no such folder: run 'steadyset sample' or 'steadyset run' with "
                    + "it first")
        }
        try refuseLinks()
        let created = try Folder.create(stepsFolder)
        do {
            let lock = try FileLock("\(privateFolder)/lock", shared: shared, holder: root)
            if !forgetting { Forgetting.remove(in: privateFolder) }
            return lock
        } catch {
            // Where another process works here, the folders are its own by now.
            if DatasetError(error).kind != .inUse { Folder.remove(created) }
            throw error
        }
    }

    /// Locks one step against another process that might still be writing it.
    package func claim(step: String) throws -> FileLock {
        try FileLock("\(stepsFolder)/\(step).lock", shared: false, holder: "\(root), step \(step),")
    }

    /// Commits a stage: its manifest, and the record that lets it be skipped; `further` are files
    /// that the manifest names outside `files`.
    package func commit(
        _ manifest: Manifest, of stage: Stage, fingerprint: Digest, further: [Manifest.File] = [],
        samples: Int, seconds: Double
    ) throws {
        let digest = try manifest.write(to: folder(stage))
        let path = "\(stage.rawValue)/\(Manifest.fileName)"
        let own = Manifest.File(
            path: path, bytes: digest.bytes, sha256: digest.sha256, samples: samples)
        try StepRecord(
            step: stage.rawValue, fingerprint: fingerprint,
            files: [own]
                + (manifest.files + further).map { file in
                    Manifest.File(
                        path: "\(stage.rawValue)/\(file.path)", bytes: file.bytes,
                        sha256: file.sha256, samples: file.samples)
                }, seconds: seconds
        ).write(in: self)
    }

    /// Commits a file of samples under `path` in the dataset, and the record of the step that wrote
    /// it.
    @discardableResult package func publish(
        _ writer: ShardWriter, as path: String, step: String, fingerprint: Digest,
        leftOut: [UncertifiedSample] = [], ways: [Solution.Way: Int]? = nil,
        statistics: SampleStatistics? = nil, started: Stopwatch
    ) throws -> Manifest.File {
        let digest = try writer.finish()
        try AtomicFile.commit(temporary: writer.path, as: self.path(path))
        let file = Manifest.File(
            path: path, bytes: digest.bytes, sha256: digest.sha256, samples: writer.count)
        try StepRecord(
            step: step, fingerprint: fingerprint, files: [file], leftOut: leftOut,
            ways: ways, statistics: statistics, seconds: started.seconds
        ).write(in: self)
        return file
    }

    /// Creates a folder and those above it.
    package static func createFolder(_ path: String) throws { try Folder.create(path) }
}
