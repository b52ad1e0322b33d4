internal import Datasets
internal import Documents
internal import Fields
internal import Shards
internal import Solving

extension Evaluator {
    /// Where labels come from.
    typealias Labels = EvaluateManifest.Labels

    /// What is judged, and how it is named in the manifest.
    struct Subject {
        let samples: any EvaluatedSamples
        /// Where labels come from.
        let labels: Labels
        /// The manifest that the samples are of; nil where a file has them.
        let input: Manifest.Input?
        /// What names the samples in the manifest's parameters.
        let parameters: EvaluateManifest.Parameters
        /// How exact solved labels are.
        var accuracy = Accuracy()

        /// Samples of `data`'s shards: those that `selection` names.
        static func packed(_ data: Dataset, selection: String, labels: Labels = .stored) throws
            -> Subject
        {
            let samples = try PackedEvaluatedSamples(data, selection: selection)
            return Subject(
                samples: samples, labels: labels,
                input: samples.store.manifest.input,
                parameters: EvaluateManifest.Parameters(selection: selection))
        }

        /// The configurations of `data`'s sample stage.
        static func sampled(_ data: Dataset, labels: Labels, accuracy: Accuracy = Accuracy()) throws
            -> Subject
        {
            let samples = try ListedConfigurations(data)
            return Subject(
                samples: samples, labels: labels == .stored ? .solved : labels,
                input: samples.manifest.input, parameters: EvaluateManifest.Parameters(),
                accuracy: accuracy)
        }

        /// The configurations of a file.
        static func imported(
            _ file: ImportedConfigurations, labels: Labels, accuracy: Accuracy = Accuracy()
        ) -> Subject {
            Subject(
                samples: LinedConfigurations(file), labels: labels == .stored ? .solved : labels,
                input: nil, parameters: EvaluateManifest.Parameters(configurations: file.digest),
                accuracy: accuracy)
        }
    }
}

extension Evaluator.Subject {
    /// What a command line names.
    ///
    /// - Parameters:
    ///   - data: A dataset, or the folder of its pack stage; with `from` only its physics matters.
    ///   - from: A file of configurations, or a dataset that has a sample stage.
    ///   - selection: An expression of selections; nil for the test part.
    ///   - predictions: Whose physics is taken where nothing else says it.
    init(
        data: String?, from: String?, selection: String?, usesLabels: Bool, predictions: Predictions
    ) throws {
        guard let from else {
            guard let data else { throw PipelineError(.usage, "either --data or --from is needed") }
            self = try .packed(
                try PackedSamples.locate(data), selection: selection ?? "test",
                labels: usesLabels ? .stored : .none)
            return
        }
        let labels = usesLabels ? Evaluator.Labels.solved : .none
        if InputFile.isFolder(from) == true {
            let (dataset, stages) = try Dataset.locate(from)
            guard stages.contains(.sample) else {
                throw PipelineError(
                    .noInput, "\(from) has no configurations: run 'steadyset sample' with it first")
            }
            self = try .sampled(dataset, labels: labels)
        } else if let data {
            let (dataset, stages) = try Dataset.locate(data)
            let physics =
                stages.contains(.pack)
                ? try dataset.manifest(PackManifest.self).physics
                : try dataset.manifest(SampleManifest.self).origin.physics
            self = .imported(
                try ImportedConfigurations(path: from, physics: physics), labels: labels)
        } else if case .models(let models) = predictions {
            self = .imported(
                try ImportedConfigurations(path: from, physicsOf: models), labels: labels)
        } else {
            throw PipelineError(
                .usage,
                "predictions do not say their physics: name a dataset of it with --data beside "
                    + "--from")
        }
    }
}
