package import Fields

/// Everything that determines a training apart from the data: the block `train` of a pipeline, with
/// its defaults.
public struct TrainingDescription: Hashable, Sendable {
    /// The network, before a lattice is given.
    package struct Model: Hashable, Sendable {
        /// The family.
        package var kind = ModelDescription.Kind.encoderDecoder
        /// Channels in units of the paper's.
        package var width = 1.0
        /// The share of activations that training leaves out.
        package var dropout = 0.0
    }

    /// The samples that choose the best epoch.
    package enum Judge: String, Hashable, Sendable, CaseIterable {
        /// The validation part.
        case validation
        /// The test part, as in the paper.
        case test
        /// None: the last epoch is taken.
        case none
    }

    /// The number by which epochs are compared.
    package enum Criterion: String, Hashable, Sendable, CaseIterable {
        /// The objective.
        case loss
        /// The mean absolute error of the field itself.
        case mae
    }

    /// The network.
    package var model = Model()
    /// What to learn from: an expression of selections, of the training part.
    package var selection = "S100%"
    /// Samples of an epoch where they are drawn without an end; nil where `selection` has them.
    package var samplesPerEpoch: Int?
    /// How these are chosen among more; nil for all as they come.
    package var curation: OnlineCuration?
    /// What chooses the best epoch.
    package var judge = Judge.validation
    /// By what.
    package var bestBy = Criterion.loss
    /// What an error costs.
    package var loss = PointwiseLoss.mae
    /// What it is multiplied by, in which epoch.
    package var prefactor = PrefactorPlan.always(.none)
    /// The transform of the label.
    package var transform = LabelTransform.none
    /// The standard deviation of the noise on transformed labels.
    package var labelNoise = 0.0
    /// The optimiser.
    package var optimiser = AdamOptions()
    /// How the learning rate goes.
    package var schedule = LearningRate.Shape.constant
    /// Epochs in which the learning rate rises from 0.
    package var warmUpEpochs = 0.0
    /// Samples in a step.
    package var batch = 50
    /// Epochs at most.
    package var epochs = 100
    /// Epochs without a better judged value after which training stops; nil for never.
    package var earlyStop: Int?
    /// The seed of initial values, order, dropout, noise and draws.
    package var seed: UInt32 = 1

    /// The selection that stands for the training part without an end.
    package static let endless = "endless"

    /// The defaults.
    package init() {}

    /// The learning rate of every step, of which an epoch has `stepsPerEpoch`.
    package func learningRate(stepsPerEpoch: Int) -> LearningRate {
        LearningRate(
            peak: optimiser.learningRate, shape: schedule,
            warmUp: Int((warmUpEpochs * Double(stepsPerEpoch)).rounded()),
            total: epochs * stepsPerEpoch)
    }

    /// The objective of `epoch`, counted from 0.
    package func objective(epoch: Int) -> Objective {
        Objective(loss: loss, prefactor: prefactor.prefactor(epoch: epoch, seed: seed))
    }

    /// The network on `lattice`.
    package func model(on lattice: Lattice) throws(LearningError) -> ModelDescription {
        try ModelDescription(
            kind: model.kind, width: model.width, dropout: model.dropout, lattice: lattice)
    }
}
