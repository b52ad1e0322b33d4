public import Fields

/// How a shard stores its samples. What is stored is the same, bit for bit.
///
/// x, coefficients and columns are stored alike by all codecs; they differ in the label. A codec is
/// one file, and a line in `ShardCodecs.all`.
public protocol ShardCodec: Sendable {
    /// What pipelines, manifests and files call it.
    var name: String { get }
    /// What it stores, for the command's help: a part of a sentence.
    var words: String { get }
    /// How labels are stored; nil where no field of a sample is, so that only solving the
    /// configurations again gives them back.
    var labels: (any LabelCoding)? { get }
    /// Whether shards are those that `unpack` makes and other programs read; one codec's are.
    var isStandard: Bool { get }
}

extension ShardCodec {
    /// The chunks of a sample, in their order in the file, without coefficients.
    package var fields: [ShardField] { labels.map { [.x, $0.field] } ?? [] }

    /// Names of the columns that shards of this codec have beside those of all, of binary64
    /// numbers.
    package var columns: [String] { labels?.columns ?? [] }

    /// The coefficients of which each sample has a chunk.
    public func coefficients(under physics: Physics) -> [ShardCoefficient.Dataset] {
        labels == nil ? [] : ShardCoefficient.drawn(under: physics)
    }

    /// No: one codec's are.
    public var isStandard: Bool { false }
}

/// A way to store labels.
public protocol LabelCoding: Sendable {
    /// The chunk that a label becomes.
    var field: ShardField { get }
    /// Names of further numbers of each sample, binary64; each is a column.
    var columns: [String] { get }
    /// Whether labels are decoded from x and coefficients, beside their frame.
    var usesFields: Bool { get }

    /// Returns what encodes labels of a shard with `content`; each thread has its own.
    ///
    /// - Parameter level: zstd's level in standard shards.
    func encoder(for content: ShardContent, level: Int) throws(ShardsError) -> any LabelEncoder

    /// Returns what decodes labels of a shard, whose `content` is read where it is asked for.
    func decoder(for content: () throws(ShardsError) -> ShardContent) throws(ShardsError)
        -> any LabelDecoder
}

/// What is the same for all samples of a shard.
public struct ShardContent: Sendable {
    /// The physics, which may have open keys.
    public let physics: Physics
    /// What labels are multiples of; nil for plain binary32.
    public let step: Double?
    /// Coefficients that are stored once, each (planes, rows, columns).
    public let fixed: [(dataset: ShardCoefficient.Dataset, values: [Float])]

    /// Creates it from its parts.
    public init(
        physics: Physics, step: Double?,
        fixed: [(dataset: ShardCoefficient.Dataset, values: [Float])]
    ) {
        (self.physics, self.step, self.fixed) = (physics, step, fixed)
    }
}

/// What a label may be decoded from beside its frame and x; coefficients are empty where the codec
/// does not use them.
public struct LabelFields: Sendable {
    /// The sample's own coefficients, each (planes, rows, columns).
    public var coefficients: [[Float]]
    /// The sample's numbers, one for each of the codec's columns.
    public var numbers: [Double]

    /// Creates it from its parts.
    public init(coefficients: [[Float]] = [], numbers: [Double] = []) {
        (self.coefficients, self.numbers) = (coefficients, numbers)
    }
}

/// Turns labels into frames. It owns memory, so each thread has its own.
public protocol LabelEncoder: AnyObject {
    /// Returns the frame of `y`, and the sample's numbers; `x` is the source image, and
    /// `coefficients` are the sample's own.
    ///
    /// - Throws: `ShardsError` with code `.format` where the codec cannot hold the label.
    func frame(of y: [Float], x: [Float], coefficients: [[Float]]) throws(ShardsError) -> (
        frame: [UInt8], numbers: [Double]
    )
}

/// Turns frames of one shard into labels; safe for any number of threads.
public protocol LabelDecoder: Sendable {
    /// Fills `y`, (rows, columns), with the label in `frame`, whose bytes are known to be those
    /// that were written, and which may be changed; `x` is the source image, empty where the codec
    /// does not use it, and `decoder` has the thread's memory.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the frame or what is beside it is
    ///   damaged.
    func decode(
        _ frame: inout [UInt8], beside fields: LabelFields, x: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError)
}
