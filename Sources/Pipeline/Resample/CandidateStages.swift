internal import Datasets
internal import Fields
internal import Sampling
internal import Shards
internal import Solving

/// The stages that make samples of a round, all of them for training, to be chosen from or to join
/// the dataset.
struct CandidateStages {
    private let pipeline: PipelineFile

    init(_ pipeline: PipelineFile) { self.pipeline = pipeline }

    /// The stage that draws or imports them.
    func sample(_ origin: ConfigurationOrigin) -> SampleStage {
        SampleStage(origin: origin, cut: PartCut(size: pipeline.samplesPerPart))
    }

    /// The stage that computes their labels.
    var solve: SolveStage {
        SolveStage(
            design: nil, accuracy: pipeline.accuracy, compressionLevel: pipeline.compressionLevel,
            codec: pipeline.codec)
    }

    /// Solves what is sampled in `context`, and packs it.
    func makeShards(in context: StageContext) throws {
        try solve.complete(in: context)
        try SplitStage(
            design: nil, accuracy: pipeline.accuracy,
            split: .none
        ).complete(in: context)
        try PackStage(
            design: nil, codec: pipeline.codec, samplesPerShard: pipeline.samplesPerShard
        ).complete(in: context)
    }
}
