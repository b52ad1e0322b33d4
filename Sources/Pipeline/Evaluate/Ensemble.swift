internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Shards

/// Trained models that predict together: one, several whose mean is taken, one with passes of
/// dropout, or one beside itself half-way through its training.
final class Ensemble {
    /// A model, and where it came from.
    struct Member {
        let weights: ModelWeights
        let path: String
        /// Its training as an input, where it was named by a folder.
        let input: Manifest.Input?

        /// The folder of the training.
        fileprivate var folder: String?
        /// The digest of the weights half-way through it, where they were kept.
        fileprivate var halfway: Digest?
    }

    /// How far the fields of a prediction lie from each other: the column of errors that says it.
    enum Spread: String {
        /// The mean over sites of the variance of the fields of models, or of passes of dropout.
        case variance
        /// The root of the mean over sites of the squared difference from the field of the model
        /// half-way through its training (temporal output discrepancy; Huang, Wang, Xiong, Huan and
        /// Dou 2021, arXiv:2107.14153).
        case tod
    }

    let members: [Member]
    /// The lattice of all of them.
    let lattice: Lattice
    /// Passes of dropout, for the variance; 0 for none.
    let dropoutSamples: Int
    private let networks: [Network]
    /// The first model half-way through its training, where fields are compared with its.
    private let halfway: (network: Network, weights: ModelWeights)?

    /// Reads the models at `paths`: folders of trainings, or files of weights.
    ///
    /// - Parameter comparesHalfway: Whether fields of the one model are compared with those of
    ///   itself half-way through its training, which must have kept it.
    init(_ paths: [String], dropoutSamples: Int, comparesHalfway: Bool = false, threads: Int) throws
    {
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
                    "--dropout-samples goes with one --model, not with \(members.count)")
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
        if comparesHalfway {
            let weights = try Ensemble.halfway(of: members[0])
            halfway = (weights.network(workers: workers), weights)
        } else {
            halfway = nil
        }
    }

    /// What predictions have beside their fields; nil of one field.
    var spread: Spread? {
        halfway != nil ? .tod : members.count > 1 || dropoutSamples > 0 ? .variance : nil
    }

    /// Numbers that `features` has of a sample: what the first model makes of its image.
    var featureCount: Int { members[0].weights.model.featureCount }

    /// What models say of some images.
    struct Prediction {
        /// The mean of the models' fields, (samples, rows, columns).
        let y: [Float]
        /// The `spread` of each sample; nil of one field.
        let spread: [Double]?
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
                y: first, spread: variance(passes, mean: mean(passes)), features: features)
        }
        if let halfway {
            var y = [Float](repeating: 0, count: x.count)
            halfway.network.predict(x, into: &y)
            halfway.weights.transform.invert(&y)
            return Prediction(y: first, spread: distances(first, y), features: features)
        }
        guard networks.count > 1 else {
            return Prediction(y: first, spread: nil, features: features)
        }
        let fields = [first] + networks.indices.dropFirst().map { field($0, x, pass: nil) }
        let mean = mean(fields)
        return Prediction(
            y: mean.map(Float.init), spread: variance(fields, mean: mean), features: features)
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

    /// For each sample, the root of the mean over sites of the squared difference.
    private func distances(_ one: [Float], _ other: [Float]) -> [Double] {
        stride(from: 0, to: one.count, by: lattice.count).map { start in
            var sum = 0.0
            for site in start..<start + lattice.count {
                let difference = Double(one[site]) - Double(other[site])
                sum += difference * difference
            }
            return (sum / Double(lattice.count)).squareRoot()
        }
    }

    /// The model half-way through the training of `member`.
    private static func halfway(of member: Member) throws -> ModelWeights {
        guard let folder = member.folder, let known = member.halfway else {
            throw PipelineError(
                .data,
                "\(member.path): its training kept no model half-way: train it with 'score: tod' "
                    + "in the pipeline's rounds")
        }
        let file = "\(folder)/\(StageFile.halfway)"
        let weights = try WeightsFile.model(file)
        guard known == weights.digest else {
            throw PipelineError(
                .data,
                "\(file) was altered or damaged: it is not what manifest.json beside it lists; "
                    + "train again")
        }
        return weights
    }

    /// The model at `path`: a dataset's folder, that of its train stage, or a file of weights.
    private static func member(_ path: String) throws -> Member {
        guard InputFile.isFolder(path) == true else {
            return Member(weights: try WeightsFile.model(path), path: path, input: nil)
        }
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.train) else {
            throw PipelineError(
                .noInput,
                "\(path) has no trained model: run 'steadyset train' or 'steadyset run' first")
        }
        let manifest = try dataset.manifest(TrainManifest.self)
        let file = "\(dataset.folder(.train))/\(StageFile.weights)"
        let weights = try WeightsFile.model(file)
        guard manifest.digest == weights.digest else {
            throw PipelineError(
                .data,
                "\(file) was altered or damaged: it is not what manifest.json beside it lists; "
                    + "train again")
        }
        return Member(
            weights: weights, path: path, input: manifest.input, folder: dataset.folder(.train),
            halfway: manifest.halfway?.digest)
    }
}
