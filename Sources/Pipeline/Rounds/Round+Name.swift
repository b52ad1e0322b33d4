internal import Fields
internal import Sampling
internal import Shards

extension Round {
    /// Refuses to begin a round whose name another version has, which would lose it, unless it is this very round again.
    func protectName(parent pack: Manifest) throws {
        let versions = Versions(of: job.dataset)
        guard let held = try versions.holder(of: name) else { return }
        if let manifest = try? versions.manifest(short: held.short), manifest.parent == pack.id,
            let round = manifest.content["round"], round["number"]?.int == number,
            round["from"]?.string == selection, round["curation"] == curation.json, round["judge"] == (try judgeJSON())
        {
            return
        }
        guard job.replace else { throw Versions.taken(name, by: held, in: parent) }
        job.reporter.warned("the name '\(name)' moves from version \(held.short) to the one that is made now")
    }
}

extension Versions {
    /// Refuses a name that is no tag, or that selections of the dataset use for something else: a part, or `n` and a number of
    /// sources.
    static func check(roundName name: String) throws {
        try check(tag: name)
        let digits = name.utf8.dropFirst()
        let isStratum =
            name.utf8.first == UInt8(ascii: "n") && !digits.isEmpty && digits.allSatisfy { (48...57).contains($0) }
        guard Split.Part(rawValue: name) == nil, !isStratum else {
            throw PipelineError(
                .usage,
                "a round cannot be called '\(name)': in selections that name means \(isStratum ? "a number of sources" : "a part"); "
                    + "choose another")
        }
    }

    /// What is said where the name of a new version is another's.
    static func taken(_ name: String, by other: Digest, in dataset: Dataset) -> PipelineError {
        PipelineError(
            .cannotCreate,
            "\(dataset.root) has another version called '\(name)' (\(other.short)): go on from that one (\(dataset.root)@\(name)), "
                + "or give the new one another name (--name of 'steadyset resample'), or give that one another (steadyset tag) and "
                + "take this name away (steadyset tag --delete), or forget it (steadyset gc --drop \(name))")
    }
}
