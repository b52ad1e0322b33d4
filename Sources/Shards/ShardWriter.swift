internal import CHDF5
public import Fields

/// Writes one shard: an HDF5 file with one compressed chunk per sample and field.
///
/// The same samples in the same order make a byte-identical file, and the chunks of a sample lie
/// one after another in it, x first, so that one range of bytes holds the sample. Until `finish()`
/// the file is not valid; an error, or dropping the writer, removes it. One thread at a time may
/// use a writer; different writers need no care.
public final class ShardWriter {
    /// The file that is written, a temporary one as a rule.
    public let path: String
    /// The lattice of the fields.
    public let lattice: Lattice
    /// The number of samples that the file may hold.
    public let capacity: Int
    /// The largest number of sources in a sample.
    public let maximumSources: Int
    /// Whether samples have ranks.
    public let kind: ShardKind
    /// How fields are stored.
    public let codec: any ShardCodec
    /// The coefficients that every sample brings.
    public let coefficients: [ShardCoefficient.Dataset]
    private let fixed: [(dataset: ShardCoefficient.Dataset, values: [Float])]

    /// Open handles, closed inside HDF5's lock.
    private struct Handles: ~Copyable, Sendable {
        var x: HDF5.Handle<HDF5.Dataset>?
        var y: HDF5.Handle<HDF5.Dataset>?
        var first: HDF5.Handle<HDF5.Dataset>?
        var second: HDF5.Handle<HDF5.Dataset>?
        /// The numbers of `x` and `y`, as far as they are there.
        let fields: [hid_t]
        /// The numbers of `first` and `second`, as far as they are there.
        let coefficients: [hid_t]
        var file: HDF5.Handle<HDF5.File>

        /// Closes the datasets, then the file, whose status says whether everything could be
        /// written.
        consuming func close(path: String) throws(ShardsError) {
            if let x { try x.close("close", path: path) }
            if let y { try y.close("close", path: path) }
            if let first { try first.close("close", path: path) }
            if let second { try second.close("close", path: path) }
            try file.close("complete", path: path)
        }
    }
    private var handles: Handles?
    private let output: OutputFile
    private var columns = ShardColumns()
    private var keyCount: Int?
    private var hasContrast: Bool?
    private let leastBound: Double

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - path: the temporary file, in the folder of the final one (`AtomicFile.temporary(for:)`);
    ///     a stale file there is removed.
    ///   - lattice: the lattice of the fields.
    ///   - capacity: the largest number of samples, 1 to ten million.
    ///   - maximumSources: the width m of `/sources`, 1 to `Configuration.maximumSources`.
    ///   - kind: whether samples have ranks.
    ///   - codec: how fields are stored; where none is, there are no coefficients of samples.
    ///   - coefficients: what every sample brings beside x and y, at most one dataset of each
    ///     coefficient.
    ///   - fixed: coefficients that are stored once, each (planes, rows, columns).
    ///   - attributes: further attributes of the root group, written in this order after `format`
    ///     and `version`.
    ///   - level: the zstd level that the chunks' filter values name; frames may have been made
    ///     with another.
    public init(
        path: String, lattice: Lattice, capacity: Int, maximumSources: Int, kind: ShardKind,
        codec: any ShardCodec = ShardCodecs.standard, coefficients: [ShardCoefficient.Dataset] = [],
        fixed: [(dataset: ShardCoefficient.Dataset, values: [Float])] = [],
        attributes: [(name: String, value: ShardAttribute)] = [], level: Int = Zstd.defaultLevel
    ) throws(ShardsError) {
        precondition(
            (1...ShardLayout.maximumSamples).contains(capacity),
            "a shard holds 1 to ten million samples")
        precondition(
            (1...Configuration.maximumSources).contains(maximumSources),
            "see Configuration.maximumSources")
        self.path = path
        self.lattice = lattice
        self.capacity = capacity
        self.maximumSources = maximumSources
        self.kind = kind
        self.codec = codec
        precondition(codec.labels != nil || coefficients.isEmpty, "the codec stores no fields")
        precondition(coefficients.count <= 2, "there are two coefficients, D and γ")
        self.coefficients = coefficients
        self.fixed = fixed
        let known = Dictionary(attributes.map { ($0.name, $0.value) }) { $1 }
        leastBound = ShardLayout.leastBound(known)
        let bytes = ShardLayout.fieldBytes(lattice)
        let filters = try codec.fields.map { (field) throws(ShardsError) in
            try codec.filter(of: field, known, bytes: bytes, level: level, path: path)
        }
        output = try OutputFile(path)
        let metadataBytes = ShardLayout.metadataBytes(
            chunks: capacity * (codec.fields.count + coefficients.count),
            attributes: attributes.map(\.value), clientData: filters.reduce(0) { $0 + $1.further })
        do {
            handles = try HDF5.locked { [output] (driver) throws(ShardsError) -> Handles in
                let file = try HDF5.createFile(output, driver: driver, metadataBytes: metadataBytes)
                let fixed: [(name: String, value: ShardAttribute)] = [
                    ("format", .string(ShardLayout.format)),
                    ("version", .integer(codec.version)),
                ]
                let named: [(name: String, value: ShardAttribute)] =
                    codec.isStandard ? [] : [(ShardLayout.codec, .string(codec.name))]
                for (name, value) in fixed + named + attributes {
                    try HDF5.writeAttribute(value, named: name, of: file.id, path: path)
                }
                let shape = HDF5.FieldShape(capacity: capacity, lattice: lattice)
                var fields: [hid_t] = []
                func create(field number: Int) throws(ShardsError) -> HDF5.Handle<HDF5.Dataset>? {
                    guard number < codec.fields.count else { return nil }
                    let handle = try shape.create(
                        codec.fields[number].name, filters[number], in: file.id, path: path)
                    fields.append(handle.id)
                    return handle
                }
                let x = try create(field: 0)
                let y = try create(field: 1)
                var numbers: [hid_t] = []
                func create(_ number: Int) throws(ShardsError) -> HDF5.Handle<HDF5.Dataset>? {
                    guard number < coefficients.count else { return nil }
                    let shape = self.shape(coefficients[number], capacity)
                    let handle = try shape.create(
                        coefficients[number].coefficient.rawValue,
                        .blosc(bytes: shape.bytes, level: level, isShuffled: true), in: file.id,
                        path: path)
                    numbers.append(handle.id)
                    return handle
                }
                let first = try create(0)
                let second = try create(1)
                return Handles(
                    x: x, y: y, first: first, second: second, fields: fields, coefficients: numbers,
                    file: file)
            }
            try output.check()
        } catch { throw abandoned(because: error) }
    }

    private func shape(_ dataset: ShardCoefficient.Dataset, _ capacity: Int) -> HDF5.FieldShape {
        HDF5.FieldShape(capacity: capacity, lattice: lattice, planes: dataset.planes)
    }

    deinit { if handles != nil { abandon() } }

    /// The number of samples so far.
    public var count: Int { columns.count }

    /// Appends one sample.
    ///
    /// - Throws: `ShardsError`: `.noSpace` on a full disk, `.corrupt` where a frame carried over
    ///   from another file is not one of ours. The writer is then of no further use, and its file
    ///   is gone.
    public func append(_ sample: EncodedSample) throws(ShardsError) {
        precondition(handles != nil, "the shard was finished or has failed")
        precondition(count < capacity, "a shard of capacity \(capacity) is full")
        precondition(
            (sample.rank != nil) == (kind == .shard),
            "samples of a shard have a rank, those of a part have none")
        precondition(
            sample.label == codec.labels?.field, "a sample has the codec of its shard")
        precondition(
            sample.sources.count <= maximumSources,
            "a sample has more sources than its shard was made for")
        precondition(
            sample.coefficients.count == coefficients.count,
            "a sample brings every coefficient of its shard")
        precondition(
            sample.keys.count <= ShardLayout.maximumKeys,
            "a physics has at most three open keys")
        precondition(
            keyCount ?? sample.keys.count == sample.keys.count,
            "samples of a shard have equally many keys")
        precondition(
            hasContrast ?? (sample.contrast != nil) == (sample.contrast != nil),
            "all samples of a shard have a contrast, or none has")
        do throws(ShardsError) {
            guard sample.errorBound >= leastBound, sample.errorBound.isFinite else {
                throw ShardsError(
                    .corrupt,
                    "sample \(sample.id) has the error bound \(sample.errorBound), which no label "
                        + "of its grid can have: at least \(leastBound), half a step, is lost in "
                        + "rounding", path: path)
            }
            let size = ShardLayout.fieldBytes(lattice)
            for field in codec.fields {
                try field.check(field == .x ? sample.x : sample.y, size: size)
            }
            try codec.labels?.check(sample)
            for (dataset, frame) in zip(coefficients, sample.coefficients) {
                try BloscFrame.checkHeader(frame, size: dataset.planes * size, as: .shuffled)
            }
            let position = count
            try HDF5.locked { () throws(ShardsError) in
                for (number, dataset) in (handles?.fields ?? []).enumerated() {
                    try HDF5.writeChunk(
                        number == 0 ? sample.x : sample.y, at: position, of: dataset, path: path)
                }
                for (number, dataset) in (handles?.coefficients ?? []).enumerated() {
                    try HDF5.writeChunk(
                        sample.coefficients[number], at: position, of: dataset, path: path)
                }
            }
            try output.check()
            columns.append(sample)
            keyCount = sample.keys.count
            hasContrast = sample.contrast != nil
        } catch { throw abandoned(because: error) }
    }

    /// Writes the columns, closes the file and waits until it is on the disk, whole and as it was
    /// meant; `AtomicFile.commit` then gives it its name.
    ///
    /// - Returns: the size and the digest of the file.
    /// - Throws: `ShardsError`; the file is then gone.
    @discardableResult public func finish() throws(ShardsError) -> FileDigest {
        precondition(handles != nil, "the shard was finished or has failed")
        do {
            try HDF5.locked { () throws(ShardsError) in try writeAndClose() }
            return try output.finish()
        } catch { throw abandoned(because: error) }
    }

    /// Must run inside HDF5's lock.
    private func writeAndClose() throws(ShardsError) {
        guard let handles = handles.take() else { return }
        if count < capacity {
            let shape = HDF5.FieldShape(capacity: count, lattice: lattice)
            for dataset in handles.fields { try shape.shrink(dataset, path: path) }
            for (number, dataset) in handles.coefficients.enumerated() {
                try self.shape(coefficients[number], count).shrink(dataset, path: path)
            }
        }
        for (dataset, values) in fixed {
            try HDF5.Column<Float>(name: dataset.coefficient.rawValue).write(
                values, shape: dataset.extent(lattice), to: handles.file.id, path: path)
        }
        try columns.write(
            to: handles.file.id, maximumSources: maximumSources, kind: kind, path: path)
        try handles.close(path: path)
    }

    private func abandon() {
        output.abandon()
        HDF5.lockedForClosing { handles = nil }
        AtomicFile.remove(path)
    }

    /// Gives the file up; returns what failed first, of which `error` may be a consequence.
    private func abandoned(because error: ShardsError) -> ShardsError {
        let first = output.failure ?? error
        abandon()
        return first
    }
}
