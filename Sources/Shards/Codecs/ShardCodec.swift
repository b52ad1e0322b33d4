/// How a shard stores its labels. What is stored is the same, bit for bit.
public enum ShardCodec: String, Hashable, Sendable, CaseIterable {
    /// x and y as compressed floats, which any HDF5 library reads.
    case standard
    /// In place of y the differences between y and what the equation predicts from the rows above;
    /// see `LabelPredictor`.
    case archive
    /// Neither x nor y: configurations and digests, from which both are computed again.
    case recipe

    /// The chunks of a sample, in their order in the file, without coefficients.
    package var fields: [ShardField] {
        switch self {
        case .standard: [.x, .y]
        case .archive: [.x, .residual]
        case .recipe: []
        }
    }
}
