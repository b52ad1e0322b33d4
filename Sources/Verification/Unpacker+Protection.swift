package import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Shards

extension Unpacker {
    /// Refuses to unpack where shards or versions are that this would not write: an unfinished
    /// unpacking of the same leaves the same, and is gone on with.
    package func protectOutput(_ lineage: [PackManifest]) throws {
        func refuse(_ path: String, _ what: String) -> DatasetError {
            DatasetError(.cannotCreate, "\(path) \(what): choose another folder for --output")
        }
        guard let manifest = lineage.last else { return }
        if try PathEntry(at: folder) == .link {
            throw refuse(folder, "is a symbolic link, and nothing is written through links")
        }
        let shards = Dictionary(manifest.shards.map { ($0.file.path, $0) }) { first, _ in first }
        var own = Set(lineage.map { ($0.packPath as NSString).lastPathComponent })
        for version in lineage {
            own.formUnion(version.companions.map(\.path))
            own.insert("locations-\(version.id.short).npy")
        }
        for name in try PathEntry.names(in: folder)
        where VersionCleaning.isOurs(name) && !name.hasSuffix(".tmp") {
            let path = "\(folder)/\(name)"
            guard name.hasSuffix(".h5") else {
                if !own.contains(name) { throw refuse(path, "is of another dataset") }
                continue
            }
            guard let entry = shards[name] else {
                throw refuse(path, "holds labels of something else")
            }
            guard try PathEntry(at: path) == .file else { throw refuse(path, "is no plain file") }
            let reader: ShardReader
            do { reader = try ShardReader(path: path, followingLinks: false) } catch {
                throw refuse(
                    path,
                    "is there and cannot be read (\(error.message)), so nobody knows what would "
                        + "be lost")
            }
            var content = Digest.Hasher()
            for row in 0..<reader.count {
                content.update(
                    reader.content(at: row, rank: reader.ranks.map { Int(clamping: $0[row]) } ?? 0))
            }
            guard reader.codec.isStandard, content.finish() == entry.digest
            else { throw refuse(path, "holds other labels than those that would take their place") }
        }
    }
}
