internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Shards

/// What keeps a trained model from being overwritten by another without `--replace`.
extension TrainStage {
    /// Refuses to train where the weights of another training are: of other shards, or another
    /// description.
    ///
    /// - Parameters:
    ///   - fingerprint: This training's.
    ///   - content: What its checkpoint names.
    func protectModel(
        _ pack: PackManifest, of source: Dataset, fingerprint: Digest, content: Digest,
        in context: StageContext
    ) throws {
        let dataset = context.dataset
        let path = "\(dataset.folder(.train))/\(StageFile.weights)"
        guard !context.replace, try PathEntry(at: path) == .file else { return }
        // This very training, finished or not; what its record or its checkpoint tells of is made
        // again to the same bits.
        if let recorded = StepRecord(step: Stage.train.rawValue, in: dataset)?.fingerprint,
            [fingerprint, content].contains(recorded)
        {
            return
        }
        if TrainingCheckpoint.fingerprint(in: dataset) == content { return }
        func refuse(_ what: String) -> PipelineError {
            PipelineError(
                .cannotCreate,
                "\(path) \(what): train into another folder (steadyset train PIPELINE --data "
                    + "\(source.root) --output FOLDER), or move the folder "
                    + "\(dataset.folder(.train)) away, or pass --replace to 'steadyset train'")
        }
        guard try PathEntry(at: "\(dataset.folder(.train))/\(Manifest.fileName)") != .nothing else {
            throw refuse(
                "is of a training that was not finished and that this pipeline does not continue")
        }
        let manifest: TrainManifest
        do { manifest = try dataset.manifest(TrainManifest.self) } catch {
            throw refuse(
                "is a model whose manifest cannot be read (\(PipelineError(error).message)), "
                    + "perhaps another one")
        }
        guard isOf(manifest, pack)
        else {
            throw refuse(
                manifest.training.json == training.json
                    ? "is a model of other shards than those that are there now"
                    : "is a model of another 'train'")
        }
    }

    /// Takes back an evaluation of the model that is replaced: its numbers are of no model that is
    /// there.
    func invalidateEvaluation(in dataset: Dataset) throws {
        // What cannot be read is of no model that is known.
        guard let old = try? dataset.manifest(TrainManifest.self).digest,
            let evaluation = try? dataset.manifest(EvaluateManifest.self),
            evaluation.parameters.models.contains(old)
        else { return }
        try StepRecord.remove(Stage.evaluate.rawValue, in: dataset)
        try AtomicFile.withdraw("\(dataset.folder(.evaluate))/\(Manifest.fileName)")
    }
}

extension Dataset {
    /// Refuses to write errors over those of another model, or of others' predictions; what is
    /// unfinished is nobody's.
    ///
    /// - Parameters:
    ///   - models: The digests of the models; empty where a file has the predictions.
    ///   - predictions: The digest of the predictions, as far as it is known.
    func protectErrors(
        models: [Digest], predictions: Digest?, fingerprint: Digest, replace: Bool
    ) throws {
        let folder = folder(.evaluate)
        guard !replace, try PathEntry(at: "\(folder)/\(StageFile.errors)") == .file,
            try PathEntry(at: "\(folder)/\(Manifest.fileName)") != .nothing,
            StepRecord(step: Stage.evaluate.rawValue, in: self)?.fingerprint != fingerprint
                || predictions != nil
        else { return }
        func refuse(_ what: String) -> PipelineError {
            PipelineError(
                .cannotCreate,
                "\(folder)/\(StageFile.errors) \(what): choose another folder for --output, or "
                    + "pass --replace")
        }
        let old: EvaluateManifest
        do { old = try manifest(EvaluateManifest.self) } catch {
            throw refuse(
                "is there, but its manifest cannot be read (\(PipelineError(error).message)), so "
                    + "whose it is is not known")
        }
        guard old.parameters.models == models else { throw refuse("is of another model") }
        if let predictions, old.parameters.predictions != predictions {
            throw refuse("is of other predictions")
        }
    }
}
