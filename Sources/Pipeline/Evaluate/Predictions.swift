internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Shards

/// Whose predictions are judged.
enum Predictions {
    case models(Ensemble)
    case file(IsolatedPredictions)

    /// Where they come from, for messages.
    var path: String {
        switch self {
        case .models(let ensemble): ensemble.members[0].path
        case .file(let file): file.path
        }
    }

    /// Refuses samples that they are not for.
    func check(_ samples: any EvaluatedSamples, _ reporter: any Reporter) throws {
        switch self {
        case .models(let ensemble): try ensemble.check(samples, reporter)
        case .file(let file):
            if file.hasSignedIDs {
                reporter.noted(
                    "\(file.path): /id is of signed integers (int64): their bits are taken for "
                        + "the ids, which are unsigned (uint64)")
            }
            try file.check(samples)
        }
    }

    /// The fields of a batch, all of finite numbers.
    ///
    /// - Throws: `PipelineError` that names the sample and the site where a number is not finite.
    func predict(_ batch: EvaluationBatch, on lattice: Lattice, withFeatures: Bool = false) throws
        -> Ensemble.Prediction
    {
        let prediction: Ensemble.Prediction =
            switch self {
            case .models(let ensemble): ensemble.predict(batch.x, withFeatures: withFeatures)
            case .file(let file):
                Ensemble.Prediction(
                    y: try file.fields(of: batch.samples), spread: nil, features: [])
            }
        if let place = prediction.y.firstIndex(where: { !$0.isFinite }) {
            let (number, site) = place.quotientAndRemainder(dividingBy: lattice.count)
            throw PipelineError(
                .data,
                "\(path): the prediction of sample \(batch.samples[number].id) is "
                    + "\(prediction.y[place]) at row \(site / lattice.columns), column "
                    + "\(site % lattice.columns)")
        }
        return prediction
    }
}

extension Ensemble {
    /// Refuses samples of another lattice, and warns of another physics.
    func check(_ samples: any EvaluatedSamples, _ reporter: any Reporter) throws {
        let other = samples.physics.lattice
        guard lattice == other else {
            throw PipelineError(
                .data,
                "\(members[0].path) is for \(lattice.rows) × \(lattice.columns) sites, "
                    + "\(samples.name) has \(other.rows) × \(other.columns): train a model on "
                    + "this lattice")
        }
        let physics = samples.physics.json.canonicalText
        for member in members {
            if let known = member.weights.physics, known != physics {
                reporter.warned(
                    "\(member.path) was trained on another physics than that of \(samples.name)")
            }
        }
    }
}

extension IsolatedPredictions {
    /// Refuses a file that lacks a sample, or has one that is not known.
    func check(_ samples: any EvaluatedSamples) throws {
        let other = samples.physics.lattice
        guard lattice == other else {
            throw PipelineError(
                .data,
                "\(path): /y has fields of \(lattice.rows) × \(lattice.columns) sites, "
                    + "\(samples.name) has \(other.rows) × \(other.columns)")
        }
        func refuse(_ ids: [SampleID], _ what: String) throws {
            guard let first = ids.first else { return }
            throw PipelineError(.data, "\(path): \(what): \(ids.count) samples, \(first) the first")
        }
        let asked = try samples.ids()
        try refuse(asked.filter { row(of: $0) == nil }, "/id lacks samples of \(samples.title)")
        let known = samples.furtherIDs() ?? Set(asked)
        try refuse(
            ids.filter { !known.contains($0) },
            "/id has samples that \(samples.name) does not have")
    }

    /// The fields of samples that the file has, (samples, rows, columns).
    func fields(of samples: [EvaluatedSample]) throws -> [Float] {
        var y: [Float] = []
        y.reserveCapacity(samples.count * lattice.count)
        for sample in samples {
            guard let row = row(of: sample.id) else { continue }
            y += try self.y(at: row)
        }
        return y
    }
}
