/// The stages of a pipeline, in order.
public enum Stage: String, Hashable, Sendable, CaseIterable {
    /// Draws or imports configurations.
    case sample
    /// Computes certified labels.
    case solve
    /// Divides samples into parts and names selections.
    case split
    /// Writes the shards.
    case pack
    /// Trains a model.
    case train
    /// Judges the model on samples that it has not seen.
    case evaluate
    /// Chooses, by errors, what the next version of the dataset is to learn from.
    case resample

    /// The stages that make a dataset.
    public static let ofData: [Stage] = [.sample, .solve, .split, .pack]

    /// The stages up to this one.
    package var upToHere: [Stage] { Stage.allCases.filter { $0.number <= number } }

    private var number: Int { Stage.allCases.firstIndex(of: self) ?? 0 }
}
