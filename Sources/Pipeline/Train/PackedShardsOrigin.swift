internal import Datasets
internal import Fields
internal import Shards

/// The shards that a model learns from: a dataset's own, those of a round's version, or another
/// dataset's.
struct PackedShardsOrigin {
    /// The round, or 0.
    let round: Int
    /// The other dataset, or nil.
    let data: Dataset?

    /// The step that writes them.
    var id: String { round == 0 ? Stage.pack.rawValue : Dataset.roundStep(round, .pack) }

    /// The file that says that they are there, relative to the dataset.
    var path: String { round == 0 ? Stage.pack.manifestPath() : StepRecord.path(of: id) }

    /// The dataset, with its version.
    func dataset(in context: StageContext) throws -> Dataset {
        try data ?? RoundRecords(of: context.base).version(after: round)
    }

    /// The fingerprint of what wrote them.
    func fingerprint(in context: StageContext) throws -> Digest {
        guard let data else { return try RoundRecords(of: context.base).fingerprint(after: round) }
        return data.fingerprint(of: try data.manifest(PackManifest.self))
    }
}
