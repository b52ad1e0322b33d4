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
    /// Whether shards are those that `unpack` makes; one codec's are.
    var isStandard: Bool { get }
    /// The version of the format of its shards.
    var version: Int { get }
}

extension ShardCodec {
    /// The chunks of a sample, in their order in the file, without coefficients.
    package var fields: [ShardField] { labels.map { [.x, $0.field] } ?? [] }

    /// The filter of the chunks of `field`, each of `bytes` bytes, in a file with these attributes.
    func filter(
        of field: ShardField, _ attributes: [String: ShardAttribute], bytes: Int, level: Int,
        path: String
    ) throws(ShardsError) -> ChunkFilter {
        guard let labels, field == labels.field else {
            return .blosc(bytes: bytes, level: level, isShuffled: field.form != .plain)
        }
        return try labels.filter(attributes, bytes: bytes, level: level, path: path)
    }

    /// The name, and the version where it is not that of all shards, for fingerprints.
    package var identity: String {
        version == ShardLayout.version ? name : "\(name) \(version)"
    }

    /// The coefficients of which each sample has a chunk.
    public func coefficients(under physics: Physics) -> [ShardCoefficient.Dataset] {
        labels == nil ? [] : ShardCoefficient.drawn(under: physics)
    }

    /// No: one codec's are.
    public var isStandard: Bool { false }

    /// That of all shards.
    public var version: Int { ShardLayout.version }
}

/// A way to store labels.
public protocol LabelCoding: Sendable {
    /// The chunk that a label becomes.
    var field: ShardField { get }
    /// Whether labels are decoded from x and coefficients, beside their chunk.
    var usesFields: Bool { get }

    /// Returns the filter of the chunks, each of `bytes` bytes, in a file with these attributes.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the attributes are not those of a shard.
    func filter(
        _ attributes: [String: ShardAttribute], bytes: Int, level: Int, path: String
    ) throws(ShardsError) -> ChunkFilter

    /// Checks that what the chunk repeats is what the sample has beside it.
    ///
    /// - Throws: `ShardsError` with code `.corrupt`.
    func check(_ sample: EncodedSample) throws(ShardsError)

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

/// Turns labels into chunks. It owns memory, so each thread has its own.
public protocol LabelEncoder: AnyObject {
    /// Returns the chunk of `y`; `x` is the source image, `coefficients` are the sample's own, and
    /// `sample` has its keys and the frame of x.
    ///
    /// - Throws: `ShardsError` with code `.format` where the codec cannot hold the label.
    func chunk(of y: [Float], x: [Float], coefficients: [[Float]], in sample: EncodedSample)
        throws(ShardsError) -> [UInt8]
}

/// Turns chunks of one shard into labels; safe for any number of threads.
public protocol LabelDecoder: Sendable {
    /// Fills `y`, (rows, columns), with the label in `chunk`, whose bytes are known to be those
    /// that were written, and which may be changed; `x` is the source image, `coefficients` are
    /// the sample's own, each (planes, rows, columns), both empty where the codec does not use
    /// them, and `decoder` has the thread's memory.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the chunk or what is beside it is
    ///   damaged.
    func decode(
        _ chunk: inout [UInt8], coefficients: [[Float]], x: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError)
}
