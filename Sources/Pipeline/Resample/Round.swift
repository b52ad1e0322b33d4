internal import Datasets
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// One round of curation: from a version of a dataset, and what a model makes of candidates, to the
/// next version.
///
/// Its folder is `rounds/N` of the dataset. What it needs on the way is in `work` there and goes
/// when the version is committed; every stage of it can be interrupted and goes on where it
/// stopped.
final class Round {
    /// Who says how hard candidates are.
    enum Judge {
        /// The model whose train stage is in this folder.
        case model(Dataset)
        /// The user's own program; see `TrainerCall`.
        case trainer(ExternalTrainer)
        /// A table that is there already; of the configurations in `from`, or of the dataset's own
        /// samples.
        case table(String, from: String?)
    }

    /// The number, from 1.
    let number: Int
    /// The version that it goes on from.
    let parent: Dataset
    /// The training selection that it goes on from, an expression.
    let selection: String
    let curation: Curation
    let judge: Judge
    let job: Job
    /// The name of the training selection that it makes, and the version's tag.
    let name: String
    /// Its folder.
    let dataset: Dataset

    init(
        _ number: Int, of job: Job, from parent: Dataset, selection: String, _ curation: Curation,
        judge: Judge, name: String? = nil
    ) {
        self.number = number
        self.parent = parent
        self.selection = selection
        self.curation = curation
        self.judge = judge
        self.job = job
        self.name = name ?? Dataset.roundName(number)
        dataset = job.dataset.round(number)
    }

    /// A folder for work on the way, laid out as a dataset.
    func work(_ name: String) -> Dataset { Dataset(root: "\(dataset.root)/work/\(name)") }

    /// Chooses, solves and packs, as far as that is not done.
    ///
    /// - Returns: The new version.
    func perform() throws -> Dataset {
        let pack = try parent.manifest(.pack)
        let fingerprint = Fingerprint.round(
            number, name: name, parent: pack.id, selection: selection, curation,
            judge: try judgeJSON(), design: judge.drawsCandidates ? job.pipeline.design : nil,
            accuracy: job.pipeline.accuracy)
        let step = Dataset.roundStep(number)
        if let record = StepRecord(step: step, in: job.dataset), record.fingerprint == fingerprint,
            record.isIntact(in: job.dataset), let version = try version(of: record)
        {
            removeWork()
            return version
        }
        if let record = StepRecord(step: step, in: job.dataset), record.fingerprint == fingerprint,
            record.files.isEmpty
        {
            throw RoundsEnd("round \(number) had too few candidates before, and would again")
        }
        try checkParent(pack)
        try protectName(parent: pack)
        try Dataset.createFolder(dataset.stepsFolder)
        let store = try PackedSamples(pack, in: parent.folder(.pack))
        let excluded = try Exclusions(store, threads: job.threads)
        let candidates = try candidates(store, excluded)
        let choices: [ChosenSample]
        do { choices = try choose(candidates) } catch let end as RoundsEnd {
            // A record without files: nothing was made, and nothing will be by the same rule from
            // the same samples.
            if judge.drawsCandidates {
                try StepRecord(step: step, fingerprint: fingerprint, files: [], seconds: 0).write(
                    in: job.dataset)
            }
            removeWork()
            throw end
        }
        let resampled = try write(choices, candidates, parent: pack)
        let added = try solve(resampled.configurations)
        let version = try commit(resampled.manifest, choices, added, excluded)
        try StepRecord(
            step: step, fingerprint: fingerprint, files: try files(of: version), seconds: 0
        ).write(in: job.dataset)
        removeWork()
        return version
    }

    private func removeWork() {
        try? FileManager.default.removeItem(atPath: "\(dataset.root)/work")
    }
}

/// Why no further round is possible, though those before are whole: nothing is left to choose from.
struct RoundsEnd: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension Round.Judge {
    /// Whether candidates are drawn from the pipeline's design.
    var drawsCandidates: Bool { if case .table = self { false } else { true } }
}
