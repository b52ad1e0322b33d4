internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Shards

/// Trained models that predict together: one, several whose mean is taken, or one with passes of
/// dropout.
final class Ensemble {
    /// A model, and where it came from.
    struct Member {
        let weights: ModelWeights
        let path: String
        /// The manifest of its training, where it was named by a folder.
        let manifest: Manifest?
    }

    let members: [Member]
    /// The lattice of all of them.
    let lattice: Lattice
    /// Passes of dropout, for the variance; 0 for none.
    let dropoutSamples: Int
    private let networks: [Network]

    /// Reads the models at `paths`: folders of trainings, or files of weights.
    init(_ paths: [String], dropoutSamples: Int, threads: Int) throws {
        precondition(!paths.isEmpty, "an ensemble has a member")
        members = try paths.map(Ensemble.member)
        lattice = members[0].weights.model.lattice
        self.dropoutSamples = dropoutSamples
        for member in members where member.weights.model.lattice != lattice {
            let other = member.weights.model.lattice
            throw PipelineError(
                .data,
                "\(member.path) is for \(other.rows) × \(other.columns) sites, \(members[0].path) "
                    + "for \(lattice.rows) × \(lattice.columns): models that predict together "
                    + "need one lattice")
        }
        if dropoutSamples > 0 {
            guard members.count == 1 else {
                throw PipelineError(
                    .usage,
                    "--dropout-samples goes with one --model, not with " + "\(members.count)")
            }
            guard members[0].weights.model.dropout > 0 else {
                throw PipelineError(
                    .data,
                    "\(members[0].path) was trained without dropout, so its passes would not "
                        + "differ: leave out --dropout-samples, or train with model.dropout above "
                        + "0")
            }
        }
        let workers = Workers(threads: threads)
        networks = members.map { $0.weights.network(workers: workers) }
    }

    /// Whether predictions have a variance.
    var hasVariance: Bool { members.count > 1 || dropoutSamples > 0 }

    /// Numbers that `features` has of a sample: what the first model makes of its image.
    var featureCount: Int { members[0].weights.model.featureCount }

    /// What models say of some images.
    struct Prediction {
        /// The mean of the models' fields, (samples, rows, columns).
        let y: [Float]
        /// For each sample the mean over sites of the variance of the fields of models, or of the
        /// passes of dropout; nil of one field.
        let variance: [Double]?
        /// What the first model makes of the images, (samples, `featureCount`); empty where that
        /// was not asked for.
        let features: [Float]
    }

    /// Predicts for images `x`, (samples, rows, columns).
    func predict(_ x: [Float], withFeatures: Bool = false) -> Prediction {
        var features: [Float] = []
        let first = withFeatures ? field(of: x, features: &features) : field(0, x, pass: nil)
        if dropoutSamples > 0 {
            let passes = (0..<UInt32(dropoutSamples)).map { field(0, x, pass: $0) }
            return Prediction(
                y: first, variance: variance(passes, mean: mean(passes)), features: features)
        }
        guard networks.count > 1 else {
            return Prediction(y: first, variance: nil, features: features)
        }
        let fields = [first] + networks.indices.dropFirst().map { field($0, x, pass: nil) }
        let mean = mean(fields)
        return Prediction(
            y: mean.map(Float.init), variance: variance(fields, mean: mean), features: features)
    }

    /// The first model's fields, and its features.
    private func field(of x: [Float], features: inout [Float]) -> [Float] {
        var y = [Float](repeating: 0, count: x.count)
        networks[0].predict(x, into: &y, features: &features)
        members[0].weights.transform.invert(&y)
        return y
    }

    private func field(_ number: Int, _ x: [Float], pass: UInt32?) -> [Float] {
        var y = [Float](repeating: 0, count: x.count)
        networks[number].predict(x, into: &y, dropoutPass: pass)
        members[number].weights.transform.invert(&y)
        return y
    }

    private func mean(_ fields: [[Float]]) -> [Double] {
        fields[0].indices.map { site in
            fields.reduce(0) { $0 + Double($1[site]) } / Double(fields.count)
        }
    }

    /// Divided by the number of fields, not by one less.
    private func variance(_ fields: [[Float]], mean: [Double]) -> [Double] {
        stride(from: 0, to: mean.count, by: lattice.count).map { start in
            var sum = 0.0
            for site in start..<start + lattice.count {
                for field in fields {
                    sum += (Double(field[site]) - mean[site]) * (Double(field[site]) - mean[site])
                }
            }
            return sum / Double(fields.count * lattice.count)
        }
    }

    /// The model at `path`: a dataset's folder, that of its train stage, or a file of weights.
    private static func member(_ path: String) throws -> Member {
        guard InputFile.isFolder(path) == true else {
            return Member(weights: try WeightsFile.model(path), path: path, manifest: nil)
        }
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.train) else {
            throw PipelineError(
                .noInput,
                "\(path) has no trained model: run 'steadyset train' or 'steadyset run' " + "first")
        }
        let manifest = try dataset.manifest(.train)
        let file = "\(dataset.folder(.train))/\(StageFile.weights)"
        let weights = try WeightsFile.model(file)
        guard manifest.content["digest"]?.string == weights.digest.description else {
            throw PipelineError(
                .data,
                "\(file) was altered or damaged: it is not what manifest.json beside it lists; "
                    + "train again")
        }
        return Member(weights: weights, path: path, manifest: manifest)
    }
}
