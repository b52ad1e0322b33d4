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
    public let codec: ShardCodec
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
    /// SHA-256 of each sample's y.
    public let ySHA256s: [Digest]

    /// The coefficients that are stored for each sample.
    public let coefficients: [ShardCoefficient.Dataset]
    /// The coefficients that are stored once.
    public let fixedCoefficients: [ShardCoefficient.Dataset]

    /// What an archive's labels are predicted from.
    let archive: ShardArchive?
    /// The factor of x in the equation of each sample of an archive.
    let sourceFactors: [Double]
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
        archive = try head.archive(of: file)
        fields = try head.codec.fields.map { (field) throws(ShardsError) in
            try file.dataset(field.rawValue)
        }
        drawn = try head.coefficients.map { (dataset) throws(ShardsError) in
            try file.dataset(dataset.coefficient.rawValue)
        }
        kind = head.kind
        codec = head.codec
        sourceFactors = table.sourceFactors
        lattice = head.lattice
        count = head.count
        maximumSources = head.maximumSources
        attributes = head.attributes
        ids = table.ids.map(SampleID.init(bits:))
        sourceCounts = table.sourceCounts.map(Int.init)
        indices = table.indices
        ranks = table.ranks
        errorBounds = table.errorBounds
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

    /// Returns the checksums of sample `position`'s chunks, in their order in the file; a recipe
    /// has none.
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

    /// Returns the compressed field of sample `position` as it is stored; `SampleDecoder` expands
    /// it.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the chunk is missing, too long, has not
    ///   its checksum, or is not a blosc frame of ours.
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
            throw ShardsError(
                .format,
                "\(path) stores no \(field.rawValue): its codec is '\(codec.rawValue)'; "
                    + "'steadyset unpack' makes standard shards of it", path: path)
        }
        try file.chunk(
            of: fields[number], at: position, maximum: BloscFrame.bound(size), into: &frame)
        do {
            try verify(frame, at: position, chunk: number)
            try BloscFrame.checkHeader(frame, size: size, as: field.form)
        } catch { throw located(error, field.rawValue, position) }
    }

    /// Reads the field of sample `position` into `values`, with `frame` for its chunk.
    private func read(
        _ field: ShardField, at position: Int, into values: inout [Float],
        with decoder: SampleDecoder, frame: inout [UInt8]
    ) throws(ShardsError) {
        try read(field, at: position, into: &frame)
        do { try decoder.decode(&frame, as: field, into: &values, isVerified: true) } catch {
            throw located(error, field.rawValue, position)
        }
    }

    /// Reads x and y of sample `position` into `x` and `y`, each (rows, columns): the way that
    /// takes no memory, for who reads many samples.
    ///
    /// - Throws: `ShardsError`; `x` and `y` then hold anything.
    public func read(
        at position: Int, x: inout [Float], y: inout [Float], with decoder: SampleDecoder
    ) throws(ShardsError) {
        guard codec == .standard else {
            x = try self.x(at: position, with: decoder)
            y = try self.y(at: position, with: decoder)
            return
        }
        try read(.x, at: position, into: &x, with: decoder, frame: &decoder.frames.x)
        try read(.y, at: position, into: &y, with: decoder, frame: &decoder.frames.y)
    }

    /// Returns where the chunks of each sample lie in the file, in the order of samples; none for a
    /// recipe. O(samples).
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
            ySHA256: ySHA256s[position], codec: codec,
            x: codec == .recipe ? [] : try frame(codec.fields[0], at: position),
            y: codec == .recipe ? [] : try frame(codec.fields[1], at: position),
            coefficients: try coefficients.map { (dataset) throws(ShardsError) in
                try frame(dataset, at: position)
            }, sourceFactor: sourceFactors.isEmpty ? 0 : sourceFactors[position])
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
        try field(.x, at: position, with: decoder)
    }

    /// Returns the steady state of sample `position`, (rows, columns); `checkingDigest` compares it
    /// with `/y_sha256`.
    public func y(at position: Int, with decoder: SampleDecoder, checkingDigest: Bool = false)
        throws(ShardsError) -> [Float]
    {
        if codec == .archive {
            return try archivedY(at: position, with: decoder, checkingDigest: checkingDigest)
        }
        guard checkingDigest else { return try field(.y, at: position, with: decoder) }
        let frame = try frame(.y, at: position)
        do { return try decoder.decodeY(frame, sha256: ySHA256s[position]) } catch {
            throw located(error, "y", position)
        }
    }

    private func field(_ field: ShardField, at position: Int, with decoder: SampleDecoder)
        throws(ShardsError) -> [Float]
    {
        var values = [Float](repeating: 0, count: lattice.count)
        var frame: [UInt8] = []
        try read(field, at: position, into: &values, with: decoder, frame: &frame)
        return values
    }

    func located(_ error: ShardsError, _ field: String, _ position: Int) -> ShardsError {
        ShardsError(
            error.code,
            "\(field) of sample \(position) (id \(ids[position])) of \(path) is damaged: "
                + "\(error.message)", path: path)
    }
}
