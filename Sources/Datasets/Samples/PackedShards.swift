internal import Documents
package import Fields
internal import Foundation
internal import Sampling
package import Shards
internal import Synchronization

/// The shards of a pack stage, opened as they are asked for. Safe for any number of threads.
package final class PackedShards: Sendable {
    /// The pack stage's manifest.
    package let manifest: PackManifest
    /// Its folder.
    package let folder: String
    /// The equation, and the lattice of the fields.
    package var physics: Physics { manifest.physics }
    private let kept: Mutex<[(file: Int, reader: ShardReader)]>
    private let maximumKept: Int

    /// The shards that `manifest` lists in `folder`; none is opened yet.
    ///
    /// - Parameter keeping: shards that stay open. One that is opened again costs a few
    ///   milliseconds, one that stays some megabytes.
    package init(_ manifest: PackManifest, in folder: String, keeping: Int) {
        self.manifest = manifest
        self.folder = folder
        maximumKept = keeping
        kept = Mutex([])
    }

    /// The reader of the manifest's file `number`; the last few stay open.
    package func reader(_ number: Int) throws -> ShardReader {
        if let found = kept.withLock({ kept in kept.first { $0.file == number }?.reader }) {
            return found
        }
        let reader = try open(number)
        kept.withLock { kept in
            if kept.count >= maximumKept { kept.removeFirst() }
            kept.append((number, reader))
        }
        return reader
    }

    /// Opens the manifest's file `number` and reads its columns; no field is read.
    ///
    /// - Throws: `DatasetError` or `ShardsError` where the shard is missing or is not what the
    ///   manifest lists.
    package func open(_ number: Int) throws -> ShardReader {
        let file = manifest.shards[number].file
        let path: String
        do { path = try SafePath.resolve(file.path, in: folder) } catch {
            guard error.code == .notFound else { throw error }
            throw DatasetError(
                .noInput,
                "\(folder)/\(file.path) is missing: run 'steadyset pack' or 'steadyset run' again")
        }
        guard PathEntry.size(of: path) == file.bytes else {
            throw DatasetError(
                .data,
                "\(path) has another size than the manifest beside it lists: run 'steadyset "
                    + "verify'")
        }
        let reader = try ShardReader(path: path)
        guard reader.kind == .shard, reader.ranks != nil, reader.count == file.samples,
            reader.lattice == physics.lattice,
            reader.coefficients == manifest.codec.coefficients(under: physics)
        else {
            throw DatasetError(
                .data,
                "\(path) is not the shard that the manifest beside it lists: run 'steadyset "
                    + "verify'")
        }
        return reader
    }
}
