public import Documents
internal import Fields

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
public struct ModelCode: Hashable, Sendable {
    /// The code.
    public let name: String
    /// The selection of training data.
    package let selection: String
    /// The prefactor.
    package let prefactor: PrefactorPlan
    /// The loss.
    package let loss: PointwiseLoss
    /// The transform of the label.
    package var transform = LabelTransform.none
    /// The standard deviation of noise on labels.
    package var labelNoise = 0.0
    /// The number of epochs.
    package var epochs = 100
    /// The learning rate.
    package var learningRate = 1e-4

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

    /// Sets what the code says.
    func apply(to training: inout TrainingDescription) {
        training.selection = selection
        training.prefactor = prefactor
        training.loss = loss
        training.transform = transform
        training.labelNoise = labelNoise
        training.epochs = epochs
        training.optimiser.learningRate = learningRate
    }

    /// The members that a code sets of what `train`, the block of a pipeline, says.
    private static let keys: Set<String> = [
        "selection", "prefactor", "loss", "transform", "label_noise", "epochs",
    ]

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
        var own = training
        apply(to: &own)
        let (said, done) = (own.json, training.json)
        var changed = ModelCode.keys.filter { said[$0] != done[$0] }
        if own.optimiser.learningRate != training.optimiser.learningRate {
            changed.insert("optimiser.learning_rate")
        }
        return changed.sorted()
    }

    private init(
        _ name: String, _ selection: String, _ prefactor: PrefactorPlan,
        _ loss: PointwiseLoss = .mae, _ transform: LabelTransform = .none, epochs: Int = 100
    ) {
        (self.name, self.selection, self.prefactor, self.loss) = (name, selection, prefactor, loss)
        (self.transform, self.epochs) = (transform, epochs)
    }

    private static let exponentialForm = Prefactor.exponential(scale: 1, of: .truth)
    private static let exponential = PrefactorPlan.always(exponentialForm)
    private static func step(_ a: Double, _ b: Double) -> PrefactorPlan {
        .always(.step(a: a, b: b))
    }
    private static func toggle(_ every: Int) -> PrefactorPlan {
        .toggle(every: every, exponential: exponentialForm, step: .step(a: 4000, b: 10))
    }

    /// Every model of the tables, in their order.
    public static let all: [ModelCode] = {
        var all = [
            ModelCode("80E1", "S1.25%", exponential),
            ModelCode("80E2", "S1.25%", exponential, .mse),
            ModelCode("80EIH", "S1.25%", exponential, .inverseHuber(delta: 0.5)),
            ModelCode("80S1_a4000_b10_sqrt", "S1.25%", step(4000, 10), .mae, .sqrt),
            ModelCode("80S1_a6000_b1_sqrt", "S1.25%", step(6000, 1), .mae, .sqrt),
            ModelCode("80S1_a4000_b10", "S1.25%", step(4000, 10)),
            ModelCode("80S1_a6000_b1", "S1.25%", step(6000, 1)),
            ModelCode("80S1_a8000_b1", "S1.25%", step(8000, 1)),
            ModelCode("80S1_a6000_b10", "S1.25%", step(6000, 10)),
            ModelCode("80S2", "S1.25%", step(6000, 10), .mse),
            ModelCode("80SH", "S1.25%", step(6000, 1), .huber(delta: 1)),
            ModelCode("80SH_sqrt", "S1.25%", step(4000, 10), .huber(delta: 1), .sqrt),
        ]
        for (number, selection) in [("40", "S2.5%"), ("20", "S5%"), ("8", "S12.5%")] {
            all += [
                ModelCode("\(number)E1", selection, exponential),
                ModelCode("\(number)E2", selection, exponential, .mse),
            ]
            if number == "20" {
                for delta in [0.5, 0.05, 0.15] {
                    all.append(
                        ModelCode(
                            "20EIH_d\(delta)", selection, exponential, .inverseHuber(delta: delta)))
                }
            }
            all += [
                ModelCode("\(number)S1", selection, step(4000, 10)),
                ModelCode("\(number)S2", selection, step(4000, 10), .mse),
            ]
        }
        all += [
            ModelCode("4E1", "S25%", exponential),
            ModelCode("4E2", "S25%", exponential, .mse, epochs: 89),
            ModelCode(
                "4R", "S25%",
                .draw(
                    stepProbability: 0.8, exponential: exponentialForm,
                    step: .step(a: 4000, b: 10)), epochs: 84),
            ModelCode("4S1", "S25%", step(4000, 10)),
            ModelCode("4SH", "S25%", step(4000, 10), .huber(delta: 1)),
            ModelCode("4T-1", "S25%", toggle(1), .mse), ModelCode("4T-5", "S25%", toggle(5), .mse),
            ModelCode("4E2-2", "S25%", exponential, .mse),
            ModelCode("2E1", "S50%", exponential, epochs: 64),
            ModelCode("2S1", "S50%", step(4000, 10), epochs: 81),
            ModelCode("1E1", "S100%", exponential, epochs: 56),
            ModelCode("1S1", "S100%", step(4000, 10), epochs: 40),
        ]
        for index in all.indices {
            if all[index].name == "80S1_a6000_b1" { all[index].learningRate = 2e-5 }
            if all[index].name == "4E2-2" { all[index].labelNoise = 0.01 }
        }
        return all
    }()
}
