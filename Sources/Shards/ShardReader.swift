public import Fields

/// Reads one shard or part, which may come from a stranger.
///
/// Everything that the file says of its size is checked against the format's bounds and the file's
/// length before memory is taken for it. The columns are small and read at once; fields are read
/// one by one. Safe for any number of threads. Chunks are compared with their checksums whenever
/// they are read. The columns have no checksum of their own: the file's digest in the manifest
/// guards them.
public final class ShardReader: Sendable {
    /// The file.
    public let path: String
    /// Whether samples have ranks.
    public let kind: ShardKind
    /// How the fields are stored.
    public let codec: any ShardCodec
    /// The lattice of the fields.
    public let lattice: Lattice
    /// The number of samples.
    public let count: Int
    /// The width of `/sources`.
    public let maximumSources: Int
    /// Attributes of the root group, `format` and `version` among them.
    public let attributes: [String: ShardAttribute]
    /// Ids of the samples, in the file's order.
    public let ids: [SampleID]
    /// Number of sources of each sample, at most `maximumSources`.
    public let sourceCounts: [Int]
    /// Index of each sample within its stratum.
    public let indices: [UInt64]
    /// Place of each sample in the order of training; nil for a part.
    public let ranks: [UInt64]?
    /// Certified largest |y − exact| of each sample.
    public let errorBounds: [Double]
    /// The largest D of each sample's medium over the smallest; nil where samples share D, and in
    /// files of earlier builds.
    public let contrasts: [Double]?
    /// SHA-256 of each sample's y.
    public let ySHA256s: [Digest]

    /// The coefficients that are stored for each sample.
    public let coefficients: [ShardCoefficient.Dataset]
    /// The coefficients that are stored once.
    public let fixedCoefficients: [ShardCoefficient.Dataset]

    /// What decodes labels; nil where no field is stored.
    private let labels: (coding: any LabelCoding, decoder: any LabelDecoder)?
    private let form: SourceTable
    private let sourceTable: [Double]  // (samples, maximum sources, width of the form)
    private let keyTable: [UInt32]  // (samples, keys)
    private let keyCount: Int
    private let checksumTable: [UInt64]  // (samples, chunks)

    private let file: ShardFile
    /// The datasets of the codec's fields.
    private let fields: [ShardFile.Dataset]
    /// The datasets of `coefficients`.
    private let drawn: [ShardFile.Dataset]

    /// Opens and checks the file at `path`.
    ///
    /// - Parameter followingLinks: whether the last component may be a symbolic link.
    /// - Throws: `ShardsError`: `.notFound`, `.unreadable`, `.format` for another kind of file,
    ///   `.corrupt` for one that contradicts itself, `.tooLarge` for one beyond the bounds.
    public init(path: String, followingLinks: Bool = true) throws(ShardsError) {
        let file = try ShardFile(path: path, followingLinks: followingLinks)
        let head = try ShardHead(of: file)
        let table = try ShardTable(of: file, head: head)
        self.path = path
        self.file = file
        labels = try head.codec.labels.map { (coding) throws(ShardsError) in
            (
                coding,
                try coding.decoder { () throws(ShardsError) in try head.content(of: file) }
            )
        }
        fields = try head.codec.fields.map { (field) throws(ShardsError) in
            try file.dataset(field.name)
        }
        drawn = try head.coefficients.map { (dataset) throws(ShardsError) in
            try file.dataset(dataset.coefficient.rawValue)
        }
        kind = head.kind
        codec = head.codec
        lattice = head.lattice
        count = head.count
        maximumSources = head.maximumSources
        attributes = head.attributes
        ids = table.ids.map(SampleID.init(bits:))
        sourceCounts = table.sourceCounts.map(Int.init)
        indices = table.indices
        ranks = table.ranks
        errorBounds = table.errorBounds
        contrasts = table.contrasts
        ySHA256s = table.ySHA256s
        coefficients = head.coefficients
        fixedCoefficients = head.fixed
        form = head.sourceTable
        sourceTable = table.sources
        keyTable = table.keys
        keyCount = head.keys
        checksumTable = table.checksums
    }

    /// Returns the sources of sample `position`.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where a row, a column or another number is not
    ///   one of a source.
    public func sources(at position: Int) throws(ShardsError) -> [Source] {
        try (0..<sourceCounts[position]).map { (source) throws(ShardsError) in
            let start = form.width * (position * maximumSources + source)
            guard
                let source = form.source(
                    ofRow: sourceTable[start..<start + form.width], on: lattice)
            else {
                throw ShardsError(
                    .corrupt,
                    "source \(source) of sample \(position) (id \(ids[position])) of \(path) is "
                        + "not a source", path: path)
            }
            return source
        }
    }

    /// Returns the keys of sample `position`'s random coefficients; none where there is no `/keys`.
    public func keys(at position: Int) -> [UInt32] {
        Array(keyTable[position * keyCount..<(position + 1) * keyCount])
    }

    /// Returns the checksums of sample `position`'s chunks, in their order in the file; none
    /// where no field is stored.
    public func checksums(at position: Int) -> ArraySlice<UInt64> {
        let chunks = checksumTable.count / count
        return checksumTable[position * chunks..<(position + 1) * chunks]
    }

    /// Compares the chunk of sample `position` that is number `chunk` of its chunks with its
    /// checksum.
    private func verify(_ frame: [UInt8], at position: Int, chunk: Int) throws(ShardsError) {
        let expected = checksumTable[position * (codec.fields.count + coefficients.count) + chunk]
        let found = XXHash64.hash(of: frame)
        guard found == expected else {
            throw ShardsError(
                .corrupt,
                "its chunk has the checksum \(String(found, radix: 16)), recorded is "
                    + "\(String(expected, radix: 16))")
        }
    }

    /// Returns the chunk of a field of sample `position` as it is stored; `SampleDecoder` expands
    /// one that is a frame.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the chunk is missing, too long, has not
    ///   its checksum, or is none of ours.
    public func frame(_ field: ShardField, at position: Int) throws(ShardsError) -> [UInt8] {
        var frame: [UInt8] = []
        try read(field, at: position, into: &frame)
        return frame
    }

    /// Reads the compressed field of sample `position` into `frame`; see `frame(_:at:)`.
    private func read(_ field: ShardField, at position: Int, into frame: inout [UInt8])
        throws(ShardsError)
    {
        precondition((0..<count).contains(position), "sample \(position) of a shard of \(count)")
        let size = ShardLayout.fieldBytes(lattice)
        guard let number = codec.fields.firstIndex(of: field) else {
            throw notStored(field)
        }
        try file.chunk(
            of: fields[number], at: position, maximum: field.bound(size), into: &frame)
        do {
            try verify(frame, at: position, chunk: number)
            try field.check(frame, size: size)
        } catch { throw located(error, field.name, position) }
    }

    /// Reads the field of sample `position` into `values`, with `frame` for its chunk.
    private func read(
        _ field: ShardField, at position: Int, into values: inout [Float],
        with decoder: SampleDecoder, frame: inout [UInt8]
    ) throws(ShardsError) {
        try read(field, at: position, into: &frame)
        var span = values.mutableSpan
        do { try decoder.decode(&frame, as: field, into: &span, isVerified: true) } catch {
            throw located(error, field.name, position)
        }
    }

    /// Reads x and y of sample `position` into `x` and `y`, each (rows, columns): the way that
    /// takes no memory, for who reads many samples.
    ///
    /// - Throws: `ShardsError`; `x` and `y` then hold anything.
    public func read(
        at position: Int, x: inout [Float], y: inout [Float], with decoder: SampleDecoder
    ) throws(ShardsError) {
        try read(.x, at: position, into: &x, with: decoder, frame: &decoder.frames.x)
        try readLabel(at: position, x: x, into: &y, with: decoder, frame: &decoder.frames.y)
    }

    /// Returns where the chunks of each sample lie in the file, in the order of samples; none where
    /// no field is stored. O(samples).
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where a chunk is missing, or does not follow
    ///   the one before it.
    public func locations() throws(ShardsError) -> [SampleLocation] {
        guard let first = fields.first else { return [] }
        return try (0..<count).map { (position) throws(ShardsError) in
            var location = SampleLocation(try file.place(of: first, at: position))
            for dataset in fields.dropFirst() + drawn {
                guard location.extend(by: try file.place(of: dataset, at: position)) else {
                    throw ShardsError(
                        .corrupt,
                        "the chunks of sample \(position) of \(path) are not one range of bytes",
                        path: path)
                }
            }
            return location
        }
    }

    /// Returns sample `position` as it is stored, to be carried over into another file.
    public func sample(at position: Int) throws(ShardsError) -> EncodedSample {
        EncodedSample(
            id: ids[position], sources: try sources(at: position), keys: keys(at: position),
            index: indices[position], rank: ranks?[position], errorBound: errorBounds[position],
            contrast: contrasts?[position], ySHA256: ySHA256s[position],
            label: labels?.coding.field,
            x: try labels.map { (_) throws(ShardsError) in try frame(.x, at: position) } ?? [],
            y: try labels.map { (labels) throws(ShardsError) in
                try frame(labels.coding.field, at: position)
            } ?? [],
            coefficients: try coefficients.map { (dataset) throws(ShardsError) in
                try frame(dataset, at: position)
            })
    }

    /// Returns the compressed coefficient of sample `position`; `dataset` must be one of
    /// `coefficients`.
    public func frame(_ dataset: ShardCoefficient.Dataset, at position: Int) throws(ShardsError)
        -> [UInt8]
    {
        precondition((0..<count).contains(position), "sample \(position) of a shard of \(count)")
        let size = dataset.planes * ShardLayout.fieldBytes(lattice)
        let number = coefficients.firstIndex(of: dataset) ?? 0
        do {
            var frame: [UInt8] = []
            try file.chunk(
                of: drawn[number], at: position, maximum: BloscFrame.bound(size), into: &frame)
            try verify(frame, at: position, chunk: codec.fields.count + number)
            try BloscFrame.checkHeader(frame, size: size, as: .shuffled)
            return frame
        } catch { throw located(error, dataset.coefficient.rawValue, position) }
    }

    /// Returns a coefficient of sample `position`, (planes, rows, columns); `dataset` must be one
    /// of `coefficients`.
    public func coefficient(
        _ dataset: ShardCoefficient.Dataset, at position: Int, with decoder: SampleDecoder
    ) throws(ShardsError) -> [Float] {
        let frame = try frame(dataset, at: position)
        do { return try decoder.decode(frame, planes: dataset.planes) } catch {
            throw located(error, dataset.coefficient.rawValue, position)
        }
    }

    /// Returns a coefficient that is stored once, (planes, rows, columns); `dataset` must be one of
    /// `fixedCoefficients`.
    public func fixedCoefficient(_ dataset: ShardCoefficient.Dataset) throws(ShardsError) -> [Float]
    {
        try HDF5.Column<Float>(name: dataset.coefficient.rawValue).read(
            shape: dataset.extent(lattice), from: file)
    }

    /// Returns the source image of sample `position`, (rows, columns).
    public func x(at position: Int, with decoder: SampleDecoder) throws(ShardsError) -> [Float] {
        var values = [Float](repeating: 0, count: lattice.count)
        var frame: [UInt8] = []
        try read(.x, at: position, into: &values, with: decoder, frame: &frame)
        return values
    }

    /// Returns the steady state of sample `position`, (rows, columns); `checkingDigest` compares it
    /// with `/y_sha256`.
    public func y(at position: Int, with decoder: SampleDecoder, checkingDigest: Bool = false)
        throws(ShardsError) -> [Float]
    {
        let usesX = labels?.coding.usesFields == true
        let x = usesX ? try x(at: position, with: decoder) : []
        var y = [Float](repeating: 0, count: lattice.count)
        var frame: [UInt8] = []
        try readLabel(at: position, x: x, into: &y, with: decoder, frame: &frame)
        guard checkingDigest else { return y }
        let found = FieldBytes.digest(of: y)
        guard found == ySHA256s[position] else {
            let error = ShardsError(
                .digestMismatch,
                "y has the SHA-256 \(found), recorded is \(ySHA256s[position])")
            throw located(error, "y", position)
        }
        return y
    }

    /// Reads the label of sample `position` into `y`, with `frame` for its chunk; `x` is its source
    /// image where the codec uses it.
    private func readLabel(
        at position: Int, x: [Float], into y: inout [Float], with decoder: SampleDecoder,
        frame: inout [UInt8]
    ) throws(ShardsError) {
        guard let (coding, labels) = labels else { throw notStored(.y) }
        let values = try (coding.usesFields ? coefficients : []).map {
            (dataset) throws(ShardsError) in
            try coefficient(dataset, at: position, with: decoder)
        }
        try read(coding.field, at: position, into: &frame)
        var span = y.mutableSpan
        do {
            try labels.decode(
                &frame, coefficients: values, x: x.span, into: &span, with: decoder)
        } catch { throw located(error, "y", position) }
    }

    private func notStored(_ field: ShardField) -> ShardsError {
        ShardsError(
            .format,
            "\(path) stores no \(field.name): its codec is '\(codec.name)'; 'steadyset unpack' "
                + "makes standard shards of it", path: path)
    }

    private func located(_ error: ShardsError, _ field: String, _ position: Int) -> ShardsError {
        ShardsError(
            error.code,
            "\(field) of sample \(position) (id \(ids[position])) of \(path) is damaged: "
                + "\(error.message)", path: path)
    }
}
