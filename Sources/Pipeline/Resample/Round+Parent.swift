internal import Datasets
internal import Documents
internal import Fields
internal import Sampling
internal import Shards
internal import Solving

extension Round {
    /// Refuses what could not become a version of the parent, before anything is scored or solved.
    func checkParent(_ pack: PackManifest) throws {
        try Versions.check(tag: name)
        guard !pack.selections.contains(where: { $0.name == "train/\(name)" }) else {
            throw PipelineError(
                .data,
                "\(parent.name) has a selection '\(name)' already: choose another name, or "
                    + "another version to go on from")
        }
        guard solvesChoices else { return }
        func problem(_ physics: Physics, _ accuracy: Accuracy) -> JSON {
            .object(accuracy.members.merging(["physics": physics.json]) { $1 })
        }
        var differences = Round.differences(
            problem(pipeline.physics, pipeline.accuracy), problem(pack.physics, pack.accuracy),
            pack: parent.name, pipeline: context.pipelinePath)
        if let level = pack.compressionLevel, level != pipeline.compressionLevel {
            differences.append(
                "solver.compression_level is \(level) in \(parent.name), "
                    + "\(pipeline.compressionLevel) in \(context.pipelinePath)")
        }
        guard differences.isEmpty else {
            throw PipelineError(
                .data,
                "what is chosen would be solved as another problem than the dataset's, so that it "
                    + "could not join it: " + differences.joined(separator: "; ")
                    + ". Make them equal; for sources and overlap of an import 'resample' has the "
                    + "options --sources and --overlap")
        }
    }

    /// Whether what is chosen has to be solved.
    private var solvesChoices: Bool {
        switch judge {
        case .table(let scores): scores.from != nil
        case .model, .trainer: curation.source == .drawn
        }
    }

    /// Where two documents differ, a sentence for each member.
    private static func differences(
        _ own: JSON, _ there: JSON, at key: String = "", pack: String, pipeline: String
    ) -> [String] {
        if own == there { return [] }
        if let mine = own.object, let other = there.object {
            return Set(mine.keys).union(other.keys).sorted().flatMap { name in
                differences(
                    mine[name] ?? .null, other[name] ?? .null,
                    at: key.isEmpty ? name : "\(key).\(name)", pack: pack, pipeline: pipeline)
            }
        }
        return ["\(key) is \(there.canonicalText) in \(pack), \(own.canonicalText) in \(pipeline)"]
    }
}
