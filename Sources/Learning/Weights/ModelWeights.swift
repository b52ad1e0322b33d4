package import Documents
internal import Fields

/// A trained model: the network's description, the transform of its labels, and its numbers.
package struct ModelWeights: Sendable {
    /// The value of `format` in the metadata.
    package static let format = "steadyset-model"
    /// The value of `version` in the metadata.
    package static let version = "1"

    /// The network.
    package let model: ModelDescription
    /// The transform of labels that it was trained with.
    package let transform: LabelTransform
    /// The physics of the samples, as canonical JSON, where it is known.
    package let physics: String?
    /// The id of the manifest of the shards that it was trained on, where it is known.
    package let trainedOn: String?
    /// The epoch, from 1, where it is known.
    package let epoch: Int?
    /// The parameters, tensor by tensor.
    package let parameters: [Float]
    /// The statistics, tensor by tensor.
    package let statistics: [Float]

    /// Creates a model from its parts.
    package init(
        model: ModelDescription, transform: LabelTransform, physics: String?, trainedOn: String?,
        epoch: Int?, parameters: [Float], statistics: [Float]
    ) {
        (self.model, self.transform, self.physics, self.trainedOn) = (
            model, transform, physics, trainedOn
        )
        (self.epoch, self.parameters, self.statistics) = (epoch, parameters, statistics)
    }

    /// The description in the metadata: kind, width, dropout, lattice, transform.
    package var modelJSON: JSON {
        .object([
            "kind": .string(model.kind.rawValue), "width": .number(model.width),
            "dropout": .number(model.dropout),
            "lattice": .array([.integer(model.lattice.rows), .integer(model.lattice.columns)]),
            "transform": transform.json,
        ])
    }

    /// The file of the model.
    package var file: Safetensors {
        var metadata = [
            "format": ModelWeights.format, "version": ModelWeights.version,
            "model": modelJSON.canonicalText,
        ]
        metadata["physics"] = physics
        metadata["trained_on"] = trainedOn
        metadata["epoch"] = epoch.map { "\($0)" }
        var (parameter, statistic) = (0, 0)
        return Safetensors(
            metadata: metadata,
            tensors: model.tensors.map { tensor in
                let count = tensor.shape.reduce(1, *)
                if tensor.isParameter {
                    parameter += count
                    return Safetensors.Tensor(
                        name: tensor.name, shape: tensor.shape,
                        values: Array(parameters[parameter - count..<parameter]))
                }
                statistic += count
                return Safetensors.Tensor(
                    name: tensor.name, shape: tensor.shape,
                    values: Array(statistics[statistic - count..<statistic]))
            })
    }

    /// The text of the model's description in the metadata of `file`, JSON that the caller parses.
    ///
    /// - Throws: `LearningError` with code `.weights` where `file` is of another kind or version.
    package static func description(of file: Safetensors) throws(LearningError) -> String {
        guard file.metadata["format"] == format, let text = file.metadata["model"] else {
            throw LearningError(
                .weights,
                "holds tensors, but does not say of which model: it was not written by Steadyset "
                    + "or its tools")
        }
        guard file.metadata["version"] == version else {
            throw LearningError(
                .weights,
                "has the version \(file.metadata["version"] ?? "none") of the format; this "
                    + "program reads \(version)")
        }
        return text
    }

    /// Takes a model from `file`, whose description says `json`.
    ///
    /// - Throws: `LearningError` with code `.weights` or `.model` where the description is not one,
    ///   a tensor is missing, unknown, of another shape, or has a value that is not finite or a
    ///   variance below 0.
    package init(_ file: Safetensors, model json: JSON) throws(LearningError) {
        guard let kind = json["kind"]?.string.flatMap(ModelDescription.Kind.init(rawValue:)),
            let width = json["width"]?.double, let dropout = json["dropout"]?.double,
            let sides = json["lattice"]?.array, sides.count == 2, let rows = sides[0].int,
            let columns = sides[1].int, let lattice = try? Lattice(rows: rows, columns: columns)
        else {
            throw LearningError(
                .weights, "describes its model in a way that this program does not know")
        }
        let model = try ModelDescription(
            kind: kind, width: width, dropout: dropout, lattice: lattice)
        let transform = try json["transform"].map { (json) throws(LearningError) in
            try LabelTransform(json: json)
        }
        var parameters: [Float] = []
        var statistics: [Float] = []
        let found = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
        for tensor in model.tensors {
            guard let stored = found[tensor.name] else {
                throw LearningError(.weights, "lacks the tensor '\(tensor.name)' of its model")
            }
            guard stored.shape == tensor.shape else {
                throw LearningError(
                    .weights,
                    "the tensor '\(tensor.name)' has the shape \(stored.shape), its model asks "
                        + "for \(tensor.shape)")
            }
            guard stored.values.allSatisfy(\.isFinite) else {
                throw LearningError(
                    .weights,
                    "the tensor '\(tensor.name)' has a value that is not a finite number")
            }
            guard !tensor.name.hasSuffix("running_var") || stored.values.allSatisfy({ $0 >= 0 })
            else {
                throw LearningError(
                    .weights,
                    "the tensor '\(tensor.name)' has a value below 0, which no variance has")
            }
            if tensor.isParameter {
                parameters += stored.values
            } else {
                statistics += stored.values
            }
        }
        let known = Set(model.tensors.map(\.name))
        if let foreign = file.tensors.first(where: { !known.contains($0.name) }) {
            throw LearningError(
                .weights, "has the tensor '\(foreign.name)', which its model does not have")
        }
        self.init(
            model: model, transform: transform ?? .none, physics: file.metadata["physics"],
            trainedOn: file.metadata["trained_on"],
            epoch: file.metadata["epoch"].flatMap { Int($0) }, parameters: parameters,
            statistics: statistics)
    }
}
