public import Documents

/// A model of the paper by its code (Toledo-Marín, Glazier and Fox 2023, Tables 2 to 8).
///
/// The first number says the share of training data: 80 is 1/80 or 1.25%, 40 is 2.5%, 20 is 5%, 8
/// is 12.5%, 4 is 25%, 2 is 50%, 1 is 100%. Then the prefactor, E for the exponential, S for the
/// step, T for both in turn, R for one at random; then the loss, 1 for MAE, 2 for MSE, H for Huber,
/// IH for inverse Huber. `4R` has MAE; of `4T-1` and `4T-5` the number is that of the epochs after
/// which the prefactors change places, and both have MSE (Table 6).
///
/// Where a table says that the square root of the data was taken, the label alone is transformed
/// here: x stays as it is.
///
/// The tables name no δ for `80EIH` and for the models with the Huber loss; 0.5 and 1 are choices
/// of this program. Where a table gives several rows one code, the hyperparameter is appended:
/// `20EIH_d0.05`.
///
/// What each says is data: `codes.json`, which the trainer in Python reads as well.
public struct ModelCode: Hashable, Sendable {
    /// The code.
    public let name: String
    /// What it says, as members of the block `train` of a pipeline.
    package let block: [String: JSON]
    /// A training with that, and defaults.
    package let training: TrainingDescription

    /// The model called `name`.
    ///
    /// - Throws: `LearningError` with code `.training` where there is none.
    public init(named name: String) throws(LearningError) {
        guard let code = ModelCode.all.first(where: { $0.name == name }) else {
            throw LearningError(
                .training,
                "there is no model code '\(name)'; there are "
                    + "\(ModelCode.all.map(\.name).joined(separator: ", "))")
        }
        self = code
    }

    private init(entry: JSON) throws {
        var members = entry.object ?? [:]
        name = members.removeValue(forKey: "code")?.string ?? ""
        block = members
        let model = ["model": JSON.object(["kind": .string("encoder-decoder")])]
        training = try TrainingDescription(json: .object(block.merging(model) { $1 }))
    }

    /// Returns a block `train` with what its code says in the place of the code; its other keys
    /// stand above that.
    ///
    /// - Throws: `LearningError` with code `.training` where there is no such code.
    static func resolved(_ train: JSON) throws(LearningError) -> JSON {
        guard var own = train.object, let name = own.removeValue(forKey: "code")?.string else {
            return train
        }
        let said = try ModelCode(named: name).block
        if let all = own["optimiser"]?.object {
            own["optimiser"] = .object((said["optimiser"]?.object ?? [:]).merging(all) { $1 })
        }
        return .object(said.merging(own) { $1 })
    }

    /// Every model of the tables, in their order.
    public static let all: [ModelCode] = {
        do {
            let list = try JSON.parse(
                EmbeddedFiles.bytes(of: "codes.json") ?? [], source: "codes.json")
            return try (list.array ?? []).map { try ModelCode(entry: $0) }
        } catch { preconditionFailure("codes.json, a part of this program: \(error)") }
    }()

    /// The members that a code sets of what `train`, the block of a pipeline, says, but for the
    /// learning rate: those of every entry.
    private static let keys = Set(all[0].block.keys).subtracting(["optimiser"])

    /// What is left of a block `train` where a code takes the place of what a code sets: the
    /// learning rate goes as well.
    public static func withoutItsKeys(_ train: [String: JSON]) -> [String: JSON] {
        var left = train.filter { !keys.contains($0.key) }
        if var optimiser = left["optimiser"]?.object {
            optimiser["learning_rate"] = nil
            left["optimiser"] = optimiser.isEmpty ? nil : .object(optimiser)
        }
        return left
    }

    /// The members in which a training differs from what the code says, in alphabetical order.
    public func changed(in training: TrainingDescription) -> [String] {
        let (said, done) = (self.training.json, training.json)
        var changed = ModelCode.keys.filter { said[$0] != done[$0] }
        if self.training.optimiser.learningRate != training.optimiser.learningRate {
            changed.insert("optimiser.learning_rate")
        }
        return changed.sorted()
    }
}
