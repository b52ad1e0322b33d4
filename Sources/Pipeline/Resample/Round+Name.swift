internal import Datasets
internal import Documents
internal import Fields
internal import Sampling
internal import Shards

extension Round {
    /// Refuses to begin a round whose name another version has, which would lose it, unless it is
    /// this very round again.
    func protectName(parent pack: PackManifest) throws {
        let versions = Versions(of: context.base)
        guard let held = try versions.holder(of: name) else { return }
        if let manifest = try? versions.manifest(short: held.short), manifest.parent == pack.id,
            let round = manifest.descent?.round, round.number == number,
            round.from == selection, round.facts["curation"] == curation.json,
            round.judge == (try recordedJudge())
        {
            return
        }
        guard context.replace else { throw Versions.taken(name, by: held, in: parent) }
        context.reporter.warned(
            "the name '\(name)' moves from version \(held.short) to the one that is made now")
    }
}
