internal import Fields
internal import Foundation
internal import Shards

extension Job {
    /// Refuses to pack what versions build on in another way than it is.
    func protectVersions(from manifest: Manifest, _ packing: ShardPacking, _ shards: [ShardPacking.Shard]) throws {
        guard !replace else { return }
        let children = childrenOfBase()
        let isSame = children.allSatisfy { child in
            child.parent == manifest.id && child.layout["codec"]?.string == packing.form.codec.rawValue
                && child.layout["samples_per_shard"]?.int == pipeline.samplesPerShard
        }
        if !isSame || (!children.isEmpty && shards.contains(where: packing.changes)) { throw wouldChange(children) }
    }

    /// Refuses to begin an earlier stage anew with other parameters where versions build on what came of it.
    func protectVersions(_ stage: Stage, parameters: JSON) throws {
        guard !replace, let old = try? dataset.manifest(stage), old.parameters != parameters else { return }
        let children = childrenOfBase()
        if !children.isEmpty { throw wouldChange(children) }
    }

    /// The versions made from the base as it is.
    private func childrenOfBase() -> [Manifest] {
        let versions = Versions(of: dataset)
        let base = try? versions.baseManifest().id
        let all = versions.shortIDs().compactMap { try? versions.manifest(short: $0) }
        let ids = Set(all.map(\.id))
        return all.filter { version in
            guard let parent = version.parent, !ids.contains(parent) else { return false }
            // One that was made from another base is lost already.
            return base == nil || base == parent
        }
    }

    private func wouldChange(_ children: [Manifest]) -> PipelineError {
        PipelineError(
            .cannotCreate,
            "\(dataset.root) has versions (\(children.map(\.id.short).joined(separator: ", "))), and this pipeline would "
                + "change the shards that they build on: choose another folder for --output, or forget them with 'steadyset "
                + "gc --drop', or pass --replace, after which they cannot be read any more")
    }
}
