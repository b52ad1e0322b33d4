public import Fields

/// One sample as a shard stores it: the compressed fields, and its row of every column.
public struct EncodedSample: Hashable, Sendable {
    /// The sample's id.
    public var id: SampleID
    /// Its sources.
    public var sources: [Source]
    /// The keys of its random coefficients that have none in the file's physics.
    public var keys: [UInt32]
    /// Its index within its stratum.
    public var index: UInt64
    /// Its place in the order of training; nil in a part.
    public var rank: UInt64?
    /// Certified largest |y − exact|.
    public var errorBound: Double
    /// SHA-256 of y's little-endian bytes.
    public var ySHA256: Digest
    /// How the fields are stored.
    public var codec: ShardCodec
    /// The blosc frame of x; empty in a recipe, as the two that follow.
    public var x: [UInt8]
    /// The blosc frame of y; in an archive that of its residuals.
    public var y: [UInt8]
    /// The blosc frames of its coefficients, in the order of the file's `coefficients`.
    public var coefficients: [[UInt8]]
    /// Every frame, in the order in which they lie in a file.
    var chunks: [[UInt8]] { codec == .recipe ? [] : [x, y] + coefficients }
    /// In an archive, the factor of x in the equation; see `LabelPredictor`.
    public var sourceFactor: Double

    /// Creates a sample from its parts; frames read from another file need not be compressed again.
    public init(
        id: SampleID, sources: [Source], keys: [UInt32] = [], index: UInt64, rank: UInt64?,
        errorBound: Double, ySHA256: Digest, codec: ShardCodec = .standard, x: [UInt8], y: [UInt8],
        coefficients: [[UInt8]] = [], sourceFactor: Double = 0
    ) {
        self.id = id
        self.sources = sources
        self.keys = keys
        self.index = index
        self.rank = rank
        self.errorBound = errorBound
        self.ySHA256 = ySHA256
        self.codec = codec
        self.x = x
        self.y = y
        self.coefficients = coefficients
        self.sourceFactor = sourceFactor
    }
}
