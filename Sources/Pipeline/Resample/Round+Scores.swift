internal import Datasets
internal import Fields
internal import Sampling
internal import Shards

extension Round {
    /// Has the configurations of a sample stage scored. The table is in its evaluate stage, or is
    /// the trainer's.
    func score(configurations pool: StageContext, _ stages: CandidateStages) throws -> (
        table: ScoreTable, features: FeatureTable?
    ) {
        guard case .model(let model) = judge else {
            // Any program can read shards, so candidates become some.
            try stages.makeShards(in: pool)
            let dataset = pool.dataset
            // Not those whose labels could not be certified: they are left out of the choice.
            let store = try PackedSamples(
                try dataset.manifest(PackManifest.self), in: dataset.folder(.pack))
            let ids = store.all(of: .train).map(\.id)
            return (try trainerScores(of: dataset, selection: "train", ids), nil)
        }
        // Labels that cannot be certified are left out of the table, and those candidates of the
        // choice.
        return try score(
            .sampled(
                pool.dataset, labels: curation.score.needsLabels ? .solved : .none,
                accuracy: pipeline.accuracy), by: model, in: pool)
    }

    /// Has a selection of the parent's training samples scored.
    func score(selection: String, of store: PackedSamples) throws -> (
        table: ScoreTable, features: FeatureTable?
    ) {
        let ids = try store.select(selection, of: .train).map(\.id)
        guard case .model(let model) = judge else {
            return (try trainerScores(of: parent, selection: selection, ids), nil)
        }
        let labels: Evaluator.Labels = curation.score.needsLabels ? .stored : .none
        let scored = try score(
            .packed(parent, selection: Round.training(selection), labels: labels), by: model,
            in: work("selection"))
        try scored.table.check(against: ids, "the training selection")
        return scored
    }

    /// Has a model judged; the tables are in the evaluate stage of `output`.
    private func score(_ subject: Evaluator.Subject, by model: Dataset, in output: StageContext)
        throws
        -> (table: ScoreTable, features: FeatureTable?)
    {
        let ensemble = try Ensemble(
            [model.root], dropoutSamples: curation.score.origin == .passes ? curation.passes : 0,
            comparesHalfway: curation.score.origin == .halfway, threads: context.threads)
        try Evaluator(
            subject, predictions: .models(ensemble), in: output,
            writesFeatures: curation.acquisition.needsFeatures
        ).run()
        let path = "\(output.dataset.folder(.evaluate))/\(StageFile.errors)"
        let table = try ScoreTable(path: path, column: column)
        return (table, curation.acquisition.needsFeatures ? try features(of: table) : nil)
    }

    /// The samples of an expression that are of the training part.
    private static func training(_ expression: String) -> String {
        expression.split(separator: "|").map { "\($0) & train" }.joined(separator: " | ")
    }

    /// The features beside a table of errors.
    func features(of table: ScoreTable) throws -> FeatureTable {
        let parts = table.path.split(separator: "/", omittingEmptySubsequences: false)
        let path = (parts.dropLast() + [FeaturesFile.name[...]]).joined(separator: "/")
        guard InputFile.isFolder(path) == false else {
            throw PipelineError(
                .data,
                "acquisition '\(curation.acquisition.name)' needs features: there is no \(path) "
                    + "beside the scores; evaluate with --features")
        }
        return try FeatureTable(path: path, ids: table.ids)
    }

    /// Scores by the user's program, which trains on the round's version first.
    private func trainerScores(of candidates: Dataset, selection: String, _ ids: [SampleID]) throws
        -> ScoreTable
    {
        guard case .trainer(let trainer) = judge else {
            throw PipelineError(.software, "a table of scores is there already")
        }
        let call = TrainerCall(
            number: number - 1, context: context, version: parent, selection: self.selection,
            curation: curation, candidates: (candidates, selection))
        guard let table = try call.run(trainer, column: column, scoring: ids) else {
            throw PipelineError(.software, "the trainer was given no candidates")
        }
        return table
    }
}
