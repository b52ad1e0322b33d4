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
    /// The largest D of its medium over the smallest; nil where the file's samples share D.
    public var contrast: Double?
    /// SHA-256 of y's little-endian bytes.
    public var ySHA256: Digest
    /// What the label is stored as; nil where no field is.
    public var label: ShardField?
    /// The blosc frame of x; empty where no field is stored, as the two that follow.
    public var x: [UInt8]
    /// The chunk of the label, as `label`.
    public var y: [UInt8]
    /// The blosc frames of its coefficients, in the order of the file's `coefficients`.
    public var coefficients: [[UInt8]]
    /// Every frame, in the order in which they lie in a file.
    var chunks: [[UInt8]] { label == nil ? [] : [x, y] + coefficients }

    /// Creates a sample from its parts; frames read from another file need not be compressed again.
    public init(
        id: SampleID, sources: [Source], keys: [UInt32] = [], index: UInt64, rank: UInt64?,
        errorBound: Double, contrast: Double? = nil, ySHA256: Digest, label: ShardField? = .y,
        x: [UInt8], y: [UInt8],
        coefficients: [[UInt8]] = []
    ) {
        self.id = id
        self.sources = sources
        self.keys = keys
        self.index = index
        self.rank = rank
        self.errorBound = errorBound
        self.contrast = contrast
        self.ySHA256 = ySHA256
        self.label = label
        self.x = x
        self.y = y
        self.coefficients = coefficients
    }
}
