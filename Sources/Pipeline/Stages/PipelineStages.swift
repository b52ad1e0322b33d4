internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Sampling
internal import Shards

/// The stages of a pipeline, in their order: the one list that is run, planned, and done step by
/// step.
struct PipelineStages {
    let pipeline: PipelineFile
    /// The pipeline's file, for messages.
    let path: String
    /// Where they write; nil for a new folder.
    let dataset: Dataset?
    /// How shards store labels.
    let codec: any ShardCodec
    /// The user's own configurations, instead of the pipeline's design.
    let importPath: String?
    /// Whose shards a model is trained on; nil for the dataset's own.
    let data: Dataset?
    /// Whether samples that are the same problem as an earlier one are left out.
    let findsCopies: Bool

    /// The most rounds that the pipeline has.
    var mostRounds: Int { pipeline.curation?.count ?? 0 }

    /// Where the sample stage takes configurations from; reads the file of an import.
    func origin() throws -> ConfigurationOrigin {
        if let importPath {
            return .imported(
                try ImportedConfigurations(path: importPath, physics: pipeline.physics))
        }
        guard let design = pipeline.design else {
            throw PipelineError(
                .data,
                "\(path): has no 'sampling', so there is nothing to draw: add it, or import "
                    + "configurations with --from FILE.jsonl")
        }
        return .drawn(design)
    }

    /// The last stage that the pipeline has, or the one that is asked for.
    func last(_ asked: Stage? = nil) throws -> Stage {
        guard let asked else {
            return pipeline.curation != nil
                ? .resample : pipeline.training == nil ? .pack : .evaluate
        }
        guard pipeline.training != nil || Stage.ofData.contains(asked) || asked == .resample else {
            throw PipelineError(
                .usage, "\(path) has no 'train', so there is no stage '\(asked)'")
        }
        guard pipeline.curation != nil || asked != .resample else {
            throw PipelineError(
                .usage, "\(path) has no 'rounds', so there is no stage '\(asked)'")
        }
        return asked
    }

    /// The stages up to `last`; the rounds are the last of all. A trainer of the user's own works
    /// in the rounds alone.
    func list(upTo last: Stage, _ origin: ConfigurationOrigin) throws -> [any PipelineStage] {
        [sample(origin)] + (try afterSampling(upTo: last))
    }

    /// The same without the sample stage, the only one that needs to know where configurations come
    /// from.
    func afterSampling(upTo last: Stage) throws -> [any PipelineStage] {
        var stages: [any PipelineStage] = []
        for stage in last.upToHere {
            switch stage {
            case .sample: break
            case .solve: stages.append(solve)
            case .split:
                stages.append(
                    SplitStage(
                        design: pipeline.design, accuracy: pipeline.accuracy, split: pipeline.split)
                )
            case .pack:
                stages.append(
                    PackStage(
                        design: pipeline.design, codec: codec,
                        samplesPerShard: pipeline.samplesPerShard, about: pipeline.about))
            case .train, .evaluate:
                guard pipeline.trainer == nil || last != .resample else { break }
                stages.append(stage == .train ? try train() : EvaluateStage(data: data))
            case .resample: stages += try rounds()
            }
        }
        return stages
    }

    /// How samples are cut into parts: as the dataset's are where it has labels, though the
    /// pipeline's split or shards changed since, so that these do not have them solved again.
    var cut: PartCut {
        if let dataset, let there = try? dataset.manifest(SampleManifest.self).cut,
            [nil, there.size].contains(pipeline.ownSamplesPerPart),
            (try? LabelFile.present(.solve, in: dataset).isEmpty) != true
        {
            return there
        }
        return pipeline.cut
    }

    /// Whether the parts that are there, and those to come, are the shards that will be packed.
    var partsAreShards: Bool {
        guard cut == PartCut(pipeline.split, size: pipeline.samplesPerShard) else { return false }
        // What cannot be read is refused where it would be lost.
        let there = try? dataset.flatMap { try LabelFile.present(.solve, in: $0).first?.reader() }
        return there.map { $0.codec.name == codec.name } ?? true
    }

    /// The stage that draws from `origin`.
    func sample(_ origin: ConfigurationOrigin) -> SampleStage {
        SampleStage(
            origin: origin, cut: cut, findsCopies: findsCopies,
            later: (solve, pipeline.split))
    }

    /// The stage that computes labels.
    var solve: SolveStage {
        SolveStage(
            design: pipeline.design, accuracy: pipeline.accuracy,
            compressionLevel: pipeline.compressionLevel, codec: codec)
    }

    private func train() throws -> TrainStage {
        guard let training = pipeline.training else {
            throw PipelineError(
                .data,
                "\(path): has no 'train', so there is nothing to train: add it, with model.kind "
                    + "at least")
        }
        return TrainStage(
            training: training, code: pipeline.modelCode, keepsHalfway: pipeline.keepsHalfway,
            data: data)
    }

    private func rounds() throws -> [any PipelineStage] {
        guard let curation = pipeline.curation else {
            throw PipelineError(
                .data,
                "\(path): has no 'rounds', so there is nothing to choose: add it, with 'add' at "
                    + "least")
        }
        var stages: [any PipelineStage] = []
        for number in 1...curation.count {
            let name = Dataset.roundName(number)
            stages.append(
                ResampleStage(
                    pipeline: pipeline, curation: curation, round: number,
                    scorer: pipeline.trainer.map { .trainer($0) } ?? .model,
                    selection: number == 1
                        ? pipeline.trainingSelection : Dataset.roundName(number - 1), name: name))
            stages.append(RoundSolveStage(pipeline: pipeline, round: number))
            stages.append(RoundPackStage(pipeline: pipeline, round: number, name: name))
            guard pipeline.trainer == nil, var training = pipeline.training else { continue }
            training.selection = name
            stages.append(
                TrainStage(
                    training: training, code: pipeline.modelCode,
                    keepsHalfway: pipeline.keepsHalfway, round: number))
            stages.append(EvaluateStage(round: number))
        }
        if let trainer = pipeline.trainer {
            stages.append(
                LastTrainerStage(
                    trainer: trainer, curation: curation, start: pipeline.trainingSelection))
        }
        return stages
    }

    /// Every step of `stages` with its fingerprint, for samples that are listed.
    func planned(_ stages: [any PipelineStage], _ listing: SampleListing) -> [PlannedStep] {
        var steps: [PlannedStep] = []
        var fingerprints: [String: Digest] = [:]
        for stage in stages {
            var upstream = stage.upstream.compactMap { fingerprints[$0] }
            precondition(upstream.count == stage.upstream.count, "\(stage.id) comes too early")
            if let solve = stage as? SolveStage {
                for part in solve.parts(of: listing) {
                    let fingerprint = part.fingerprint(upstream: [])
                    steps.append(PlannedStep(stage: part, fingerprint: fingerprint))
                    upstream.append(fingerprint)
                }
            }
            let fingerprint = stage.fingerprint(upstream: upstream)
            fingerprints[stage.id] = fingerprint
            steps.append(PlannedStep(stage: stage, fingerprint: fingerprint))
        }
        return steps
    }
}

/// A step of a plan.
struct PlannedStep {
    let stage: any PipelineStage
    let fingerprint: Digest
}
