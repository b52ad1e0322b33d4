internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What keeps the shards that versions build on, by the files of versions that are there.
struct VersionGuard {
    private let context: StageContext
    /// How samples are to be divided.
    private let split: Split

    init(_ context: StageContext, split: Split) {
        self.context = context
        self.split = split
    }

    /// Refuses to pack what versions build on in another way than it is.
    ///
    /// - Returns: The shards of the base as versions list them.
    func check(
        _ manifest: PackManifest, _ packing: ShardPacking, _ shards: [ShardPacking.Shard]
    ) throws -> [PackManifest.Shard] {
        let children = try childrenOfBase()
        let known = children.versions.flatMap(\.shards)
        if context.replace { return known }
        let id = manifest.id
        let isSame = children.versions.allSatisfy { child in
            child.parent == id && child.codec.name == manifest.codec.name
                && child.samplesPerShard == manifest.samplesPerShard
        }
        if !isSame { throw wouldChange(children.versions) }
        guard !children.versions.isEmpty || children.unreadable != nil else { return known }
        let names = Set(shards.map(\.plan.name))
        let removes = try LabelFile.present(.pack, in: context.dataset).contains {
            !names.contains($0.name)
        }
        if try removes || shards.contains(where: { try packing.changes($0) }) {
            throw children.unreadable ?? wouldChange(children.versions)
        }
        return known
    }

    /// Refuses to sample anew from another origin where versions build on what came of it.
    func check(_ origin: ConfigurationOrigin, strata: [Int], counts: [Int]) throws {
        let old = try? context.dataset.manifest(SampleManifest.self).origin.parameters
        try check(isOther: old.map { $0 != origin.parameters } ?? false, strata, counts)
    }

    /// Refuses to split anew in another way where versions build on what came of it.
    func check(_ split: Split, strata: [Int], counts: [Int]) throws {
        let old = try? context.dataset.manifest(SplitManifest.self).split
        try check(isOther: old.map { $0 != split } ?? false, strata, counts)
    }

    private func check(isOther: Bool, _ strata: [Int], _ counts: [Int]) throws {
        let children = try childrenOfBase()
        if isOther {
            if let unreadable = children.unreadable { throw unreadable }
            if !children.versions.isEmpty { throw wouldChange(children.versions) }
        }
        // Whatever became of the stage's manifest, a version has the selections that design and
        // split gave its base.
        let selections = try split.selections(strata: strata, counts: counts)
        for child in children.versions {
            let theirs = child.selections.prefix(selections.count)
            let isSame =
                theirs.count == selections.count
                && zip(selections, theirs).allSatisfy {
                    $0.name == $1.name && $0.part == $1.part && $0.ranges == $1.ranges
                        && $0.stratum == $1.stratum
                }
            if !isSame { throw wouldChange(children.versions) }
        }
    }

    /// The versions made from the base as it is, and why one of all cannot be read, so that nobody
    /// knows what it builds on.
    private func childrenOfBase() throws -> (versions: [PackManifest], unreadable: PipelineError?) {
        let versions = Versions(of: context.dataset)
        var all: [PackManifest] = []
        var unreadable: PipelineError?
        for short in Versions.shortIDs(among: try PathEntry.names(in: versions.folder)) {
            do { all.append(try versions.manifest(short: short)) } catch {
                unreadable = PipelineError(
                    .cannotCreate,
                    "\(PipelineError(error).message). What this version builds on is not known, "
                        + "and this pipeline would change shards: bring it back, or forget it "
                        + "with 'steadyset gc --drop \(short)', or choose another folder for "
                        + "--output")
            }
        }
        // A base that cannot be read is none that versions are known to be made from.
        let base = try? versions.baseManifest().id
        let ids = Set(all.map(\.id))
        let children = all.filter { version in
            guard let parent = version.parent, !ids.contains(parent) else { return false }
            // One that was made from another base is lost already. Without a base, the parent may
            // be what cannot be read.
            return base == parent || (base == nil && unreadable == nil)
        }
        return (children, unreadable)
    }

    private func wouldChange(_ children: [PackManifest]) -> PipelineError {
        PipelineError(
            .cannotCreate,
            "\(context.dataset.root) has versions "
                + "(\(children.map(\.id.short).joined(separator: ", "))), and this pipeline would "
                + "change the shards that they build on: choose another folder for --output, or "
                + "forget them with 'steadyset gc --drop', or pass --replace, after which they "
                + "cannot be read any more")
    }
}
