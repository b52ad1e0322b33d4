public import Fields

/// A convolutional network that maps an image of sources to a field: the encoder-decoder of
/// Toledo-Marín, Glazier and Fox (2023, arXiv:2302.03786, Table 1) with scaled numbers of channels
/// on any lattice, or a U-Net of the same family (Ronneberger, Fischer and Brox 2015,
/// arXiv:1505.04597).
///
/// Block encoder.k, k = 0 … 5, is a 3×3 convolution with padding 1, batch norm for k = 0 only,
/// leaky ReLU and, for k < 5, 2×2 average pooling. Block decoder.k, k = 0 … 6, is nearest
/// upsampling ×2 for k ≥ 2, a 3×3 transposed convolution with stride 1 and padding 1, and leaky
/// ReLU. In the U-Net, the upsampled input of decoder.k, k ≥ 2, is followed by the activation of
/// encoder.(6−k) before its pooling. Dropout, where there is any, follows decoder.0 and decoder.1.
public struct ModelDescription: Hashable, Sendable {
    /// The family of the model.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The paper's network.
        case encoderDecoder = "encoder-decoder"
        /// The same with skip connections.
        case uNet = "u-net"
    }

    /// Rows and columns must be multiples of this: the encoder halves them five times.
    public static let sideMultiple = 32
    /// Widths that are supported.
    public static let widths = 0.001...4.0
    /// Slope of the leaky ReLU below zero.
    public static let slope: Float = 0.02

    /// The family of the model.
    public let kind: Kind
    /// Numbers of channels relative to the paper's, in `widths`.
    public let width: Double
    /// Probability with which an activation of decoder.0 and decoder.1 is dropped in training, in
    /// [0, 1).
    public let dropout: Double
    /// The lattice of inputs and outputs.
    public let lattice: Lattice
    /// Channels that encoder.0 … encoder.5 give.
    public let encoderChannels: [Int]
    /// Channels that decoder.0 … decoder.6 give; the last is 1.
    public let decoderChannels: [Int]
    /// Every tensor: the parameters in the order of the flat arrays, then the statistics.
    public let tensors: [ModelTensor]

    /// Creates a description; numbers of channels are `width` times the paper's, rounded (ties to
    /// even), at least 1.
    ///
    /// - Throws: `LearningError` with code `.model` where the width or the dropout is out of range,
    ///   or a side of the lattice is no multiple of `sideMultiple`.
    public init(kind: Kind, width: Double, dropout: Double = 0, lattice: Lattice)
        throws(LearningError)
    {
        guard Self.widths.contains(width) else {
            throw LearningError(
                .model, "a width of \(width) is not supported: it must be from 0.001 to 4")
        }
        guard dropout >= 0, dropout < 1 else {
            throw LearningError(.model, "a dropout of \(dropout) is not a probability below 1")
        }
        guard lattice.rows % Self.sideMultiple == 0, lattice.columns % Self.sideMultiple == 0 else {
            throw LearningError(
                .model,
                "a lattice of \(lattice.rows)×\(lattice.columns) sites cannot be halved five "
                    + "times: rows and columns must be multiples of \(Self.sideMultiple)")
        }
        self.kind = kind
        self.width = width
        self.dropout = dropout
        self.lattice = lattice
        func channels(_ paper: [Int]) -> [Int] {
            paper.map { max(1, Int((width * Double($0)).rounded(.toNearestOrEven))) }
        }
        encoderChannels = channels([64, 128, 256, 512, 1024, 2048])
        decoderChannels = channels([1024, 512, 256, 128, 64, 32]) + [1]
        tensors = Self.tensors(
            Self.layers(kind, encoderChannels, decoderChannels, dropout: dropout))
    }

    /// Number of numbers in the flat array of parameters.
    public var parameterCount: Int { tensors.lazy.filter(\.isParameter).map(\.count).reduce(0, +) }

    /// Numbers that `Network.predict(_:into:features:)` gives of an image: the channels of the
    /// bottleneck.
    public var featureCount: Int { encoderChannels[5] }

    /// Channels of the encoder that decoder block `block` reads beside the upsampled ones; 0 where
    /// it reads none.
    package func skippedChannels(_ block: Int) -> Int {
        kind == .uNet && block >= 2 ? encoderChannels[6 - block] : 0
    }

    /// Channels that decoder block `block` reads from the block before it.
    package func precedingChannels(_ block: Int) -> Int {
        block == 0 ? encoderChannels[5] : decoderChannels[block - 1]
    }
}
