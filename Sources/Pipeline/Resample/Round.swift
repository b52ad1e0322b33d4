internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// The choice of one round of curation: from a version of a dataset, and what a model makes of
/// candidates, to what the next version is to learn from.
///
/// Its folder is `rounds/N` of the dataset. What it needs on the way is in `work` there and goes
/// when the choice is committed; every stage of it can be interrupted and goes on where it stopped.
struct Round {
    /// Who says how hard candidates are.
    enum Judge {
        /// The model whose train stage is in this folder.
        case model(Dataset)
        /// The user's own program; see `TrainerCall`.
        case trainer(ExternalTrainer)
        /// A table that is there already.
        case table(GivenScores)
    }

    /// The number, from 1.
    let number: Int
    /// Where it works: `rounds/N` of the dataset.
    let context: StageContext
    let pipeline: PipelineFile
    /// The version that it goes on from.
    let parent: Dataset
    /// The training selection that it goes on from, an expression.
    let selection: String
    let curation: Curation
    let judge: Judge
    /// The name of the training selection that it makes, and the version's tag.
    let name: String

    init(
        _ number: Int, in context: StageContext, _ pipeline: PipelineFile, from parent: Dataset,
        selection: String, _ curation: Curation, judge: Judge, name: String
    ) {
        self.number = number
        self.context = context
        self.pipeline = pipeline
        self.parent = parent
        self.selection = selection
        self.curation = curation
        self.judge = judge
        self.name = name
    }

    /// Where it works on the way, laid out as a dataset.
    func work(_ name: String, importing path: String? = nil) -> StageContext {
        context.work(in: RoundWork(of: context).folder(name), importing: path)
    }

    /// Chooses, and commits the choice with `fingerprint`.
    ///
    /// - Throws: `RoundsEnd` where there are too few candidates.
    func perform(_ fingerprint: Digest) throws {
        let pack = try parent.manifest(PackManifest.self)
        try checkParent(pack)
        try protectName(parent: pack)
        try Dataset.createFolder(context.dataset.stepsFolder)
        let store = try PackedSamples(pack, in: parent.folder(.pack))
        let excluded = try Exclusions(store, threads: context.threads)
        let candidates = try candidates(store, excluded)
        let choices: [ChosenSample]
        do { choices = try choose(candidates) } catch let end as RoundsEnd {
            RoundWork(of: context).remove()
            throw end
        }
        try write(choices, candidates, parent: pack, fingerprint: fingerprint)
        RoundWork(of: context).remove()
    }
}

/// What a round needs on the way: `rounds/N/work`.
struct RoundWork {
    private let root: String
    private static let name = "work"
    private static let addedName = "added"

    init(of context: StageContext) { root = "\(context.dataset.root)/\(RoundWork.name)" }

    /// Where what was chosen is solved to join the dataset.
    var added: Dataset { folder(RoundWork.addedName) }

    /// The path of a file of that, relative to the folder of the round.
    static func path(of file: String) -> String { "\(name)/\(addedName)/\(file)" }

    /// A folder in it.
    func folder(_ name: String) -> Dataset { Dataset(root: "\(root)/\(name)") }

    func remove() { try? FileManager.default.removeItem(atPath: root) }
}
