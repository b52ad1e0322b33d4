public import Fields

/// Expands the frames of a shard into fields. Each thread has its own: it owns a zstd context.
public final class SampleDecoder {
    /// The lattice of the fields.
    public let lattice: Lattice
    private let decompressor: Zstd.Decompressor
    private var scratch: [UInt8] = []
    /// Memory for the chunks that a reader reads.
    var frames = (x: [UInt8](), y: [UInt8]())
    private var memory: [ObjectIdentifier: AnyObject] = [:]

    /// Creates a decoder for fields on `lattice`.
    public init(lattice: Lattice) throws(ShardsError) {
        self.lattice = lattice
        decompressor = try Zstd.Decompressor()
    }

    /// Fills `values`, (rows, columns), with the field in `frame`, in memory that stays; see
    /// `decode(_:as:)`.
    public func decode(_ frame: [UInt8], as field: ShardField, into values: inout [Float])
        throws(ShardsError)
    {
        var frame = frame
        var span = values.mutableSpan
        try decode(&frame, as: field, into: &span, isVerified: false)
    }

    /// Fills `values`, (rows, columns), with the field in the frame that `frame` ends in, from
    /// `start` on, and which is changed where its bytes are known to be those that were written;
    /// see `BloscFrame.decode`.
    package func decode(
        _ frame: inout [UInt8], from start: Int = 0, as field: ShardField,
        into values: inout MutableSpan<Float>, isVerified: Bool
    ) throws(ShardsError) {
        precondition(values.count == lattice.count, "a field has one value per site")
        try BloscFrame.decode(
            &frame, from: start, into: &values, as: field.form, isVerified: isVerified,
            with: decompressor,
            scratch: &scratch)
    }

    /// Returns the field in `frame`, (rows, columns). O(sites); takes no lock.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the frame is damaged: zstd's checksum
    ///   covers every value.
    public func decode(_ frame: [UInt8], as field: ShardField) throws(ShardsError) -> [Float] {
        FieldBytes.floats(of: try bytes(frame, as: field))
    }

    /// Returns a coefficient in `frame`, (planes, rows, columns); see `decode(_:as:)`.
    public func decode(_ frame: [UInt8], planes: Int) throws(ShardsError) -> [Float] {
        FieldBytes.floats(
            of: try BloscFrame.decode(
                frame, size: planes * ShardLayout.fieldBytes(lattice), as: .shuffled,
                with: decompressor))
    }

    /// The thread's memory of a codec, made by `create` when it is first asked for.
    func memory<Memory: AnyObject>(create: () -> Memory) -> Memory {
        let key = ObjectIdentifier(Memory.self)
        if let memory = memory[key] as? Memory { return memory }
        let created = create()
        memory[key] = created
        return created
    }

    /// Returns the bytes in `frame`; see `decode(_:as:)`.
    func bytes(_ frame: [UInt8], as field: ShardField) throws(ShardsError) -> [UInt8] {
        try BloscFrame.decode(
            frame, size: ShardLayout.fieldBytes(lattice), as: field.form, with: decompressor)
    }
}
