internal import CHDF5
public import Fields
internal import Synchronization

/// Reads one shard or part, which may come from a stranger.
///
/// Everything that the file says of its size is checked against the format's bounds and the file's length before memory
/// is taken for it. The columns are small and read at once; fields are read one by one. Safe for any number of threads.
/// Chunks are compared with their checksums whenever they are read. The columns have no checksum of their own: the file's
/// digest in the manifest guards them.
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

    /// Open handles, closed inside HDF5's lock.
    private struct Handles: ~Copyable, Sendable {
        let x: HDF5.Handle<HDF5.Dataset>?
        let y: HDF5.Handle<HDF5.Dataset>?
        /// The numbers of `x` and `y`, as far as they are there.
        let fields: [hid_t]
        let file: HDF5.Handle<HDF5.File>
    }
    private let handles: Mutex<Handles?>

    /// Opens and checks the file at `path`.
    ///
    /// - Parameter followingLinks: whether the last component may be a symbolic link.
    /// - Throws: `ShardsError`: `.notFound`, `.unreadable`, `.format` for another kind of file, `.corrupt` for one that
    ///   contradicts itself, `.tooLarge` for one beyond the bounds.
    public init(path: String, followingLinks: Bool = true) throws(ShardsError) {
        let bytes = try OpenFile.reading(path, followingLinks: followingLinks).size()
        self.path = path
        var head: ShardHead?
        var table: ShardTable?
        var archive: ShardArchive?
        do {
            handles = Mutex(
                try HDF5.locked { () throws(ShardsError) -> Handles in
                    let file = try HDF5.openFile(path)
                    let found = try ShardHead(of: file.id, bytes: bytes, path: path)
                    table = try ShardTable(of: file.id, head: found, path: path)
                    head = found
                    archive = try found.archive(of: file.id, path: path)
                    var numbers: [hid_t] = []
                    func open(_ number: Int) throws(ShardsError) -> HDF5.Handle<HDF5.Dataset>? {
                        guard number < found.codec.fields.count else { return nil }
                        let name = found.codec.fields[number].rawValue
                        let handle = try HDF5.openDataset(name, in: file.id, path: path)
                        numbers.append(handle.id)
                        return handle
                    }
                    let x = try open(0)
                    let y = try open(1)
                    return Handles(x: x, y: y, fields: numbers, file: file)
                })
        } catch {
            throw error.asDamage
        }
        guard let head, let table else { preconditionFailure("both are set where nothing was thrown") }
        kind = head.kind
        codec = head.codec
        self.archive = archive
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

    deinit { HDF5.lockedForClosing { handles.withLock { $0 = nil } } }

    /// Returns the sources of sample `position`.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where a row, a column or another number is not one of a source.
    public func sources(at position: Int) throws(ShardsError) -> [Source] {
        try (0..<sourceCounts[position]).map { (source) throws(ShardsError) in
            let start = form.width * (position * maximumSources + source)
            guard let source = form.source(ofRow: sourceTable[start..<start + form.width], on: lattice) else {
                throw ShardsError(
                    .corrupt, "source \(source) of sample \(position) (id \(ids[position])) of \(path) is not a source",
                    path: path)
            }
            return source
        }
    }

    /// Returns the keys of sample `position`'s random coefficients; none where there is no `/keys`.
    public func keys(at position: Int) -> [UInt32] {
        Array(keyTable[position * keyCount..<(position + 1) * keyCount])
    }

    /// Returns the checksums of sample `position`'s chunks, in their order in the file; a recipe has none.
    public func checksums(at position: Int) -> ArraySlice<UInt64> {
        let chunks = checksumTable.count / count
        return checksumTable[position * chunks..<(position + 1) * chunks]
    }

    /// Compares the chunk of sample `position` that is number `chunk` of its chunks with its checksum.
    private func verify(_ frame: [UInt8], at position: Int, chunk: Int) throws(ShardsError) {
        let expected = checksumTable[position * (codec.fields.count + coefficients.count) + chunk]
        let found = XXHash64.hash(of: frame)
        guard found == expected else {
            throw ShardsError(
                .corrupt,
                "its chunk has the checksum \(String(found, radix: 16)), recorded is \(String(expected, radix: 16))")
        }
    }

    /// Returns the compressed field of sample `position` as it is stored; `SampleDecoder` expands it.
    ///
    /// Only the read itself holds HDF5's lock.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the chunk is missing, too long, has not its checksum, or is not a
    ///   blosc frame of ours.
    public func frame(_ field: ShardField, at position: Int) throws(ShardsError) -> [UInt8] {
        var frame: [UInt8] = []
        try read(field, at: position, into: &frame)
        return frame
    }

    /// Reads the compressed field of sample `position` into `frame`; see `frame(_:at:)`.
    private func read(_ field: ShardField, at position: Int, into frame: inout [UInt8]) throws(ShardsError) {
        precondition((0..<count).contains(position), "sample \(position) of a shard of \(count)")
        let size = ShardLayout.fieldBytes(lattice)
        guard let number = codec.fields.firstIndex(of: field) else {
            throw ShardsError(
                .format,
                "\(path) stores no \(field.rawValue): its codec is '\(codec.rawValue)'; 'steadyset unpack' makes standard "
                    + "shards of it", path: path)
        }
        let dataset = handles.withLock { $0?.fields[number] }
        do {
            try HDF5.locked { () throws(ShardsError) in
                try HDF5.readChunk(
                    at: position, of: dataset ?? -1, maximum: BloscFrame.bound(size), into: &frame, path: path)
            }
        } catch {
            throw error.asDamage
        }
        do {
            try verify(frame, at: position, chunk: number)
            try BloscFrame.checkHeader(frame, size: size, as: field.form)
        } catch {
            throw located(error, field.rawValue, position)
        }
    }

    /// Reads the field of sample `position` into `values`, with `frame` for its chunk.
    private func read(
        _ field: ShardField, at position: Int, into values: inout [Float], with decoder: SampleDecoder,
        frame: inout [UInt8]
    ) throws(ShardsError) {
        try read(field, at: position, into: &frame)
        do {
            try decoder.decode(&frame, as: field, into: &values, isVerified: true)
        } catch {
            throw located(error, field.rawValue, position)
        }
    }

    /// Reads x and y of sample `position` into `x` and `y`, each (rows, columns): the way that takes no memory, for who reads
    /// many samples.
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

    /// Returns where the chunks of each sample lie in the file, in the order of samples; none for a recipe. O(samples).
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where a chunk is missing, or does not follow the one before it.
    public func locations() throws(ShardsError) -> [SampleLocation] {
        let fields = handles.withLock { $0?.fields ?? [] }
        guard !fields.isEmpty else { return [] }
        let (file, names) = (handles.withLock { $0?.file.id ?? -1 }, coefficients.map(\.coefficient.rawValue))
        do {
            return try HDF5.locked { () throws(ShardsError) -> [SampleLocation] in
                var locations = try (0..<count).map { (position) throws(ShardsError) in
                    SampleLocation(try HDF5.locateChunk(at: position, of: fields[0], path: path))
                }
                func extend(by dataset: hid_t) throws(ShardsError) {
                    for position in 0..<count {
                        let chunk = try HDF5.locateChunk(at: position, of: dataset, path: path)
                        guard locations[position].extend(by: chunk) else {
                            throw ShardsError(
                                .corrupt, "the chunks of sample \(position) of \(path) are not one range of bytes",
                                path: path)
                        }
                    }
                }
                try extend(by: fields[1])
                for name in names {
                    let dataset = try HDF5.openDataset(name, in: file, path: path)
                    try extend(by: dataset.id)
                }
                return locations
            }
        } catch {
            throw error.asDamage
        }
    }

    /// Returns sample `position` as it is stored, to be carried over into another file.
    public func sample(at position: Int) throws(ShardsError) -> EncodedSample {
        EncodedSample(
            id: ids[position], sources: try sources(at: position), keys: keys(at: position), index: indices[position],
            rank: ranks?[position], errorBound: errorBounds[position], ySHA256: ySHA256s[position],
            codec: codec, x: codec == .recipe ? [] : try frame(codec.fields[0], at: position),
            y: codec == .recipe ? [] : try frame(codec.fields[1], at: position),
            coefficients: try coefficients.map { (dataset) throws(ShardsError) in try frame(dataset, at: position) },
            sourceFactor: sourceFactors.isEmpty ? 0 : sourceFactors[position])
    }

    /// Returns the compressed coefficient of sample `position`; `dataset` must be one of `coefficients`.
    public func frame(_ dataset: ShardCoefficient.Dataset, at position: Int) throws(ShardsError) -> [UInt8] {
        precondition((0..<count).contains(position), "sample \(position) of a shard of \(count)")
        let size = dataset.planes * ShardLayout.fieldBytes(lattice)
        let name = dataset.coefficient.rawValue
        do {
            let frame = try HDF5.locked { () throws(ShardsError) -> [UInt8] in
                let file = handles.withLock { $0?.file.id }
                let found = try HDF5.openDataset(name, in: file ?? -1, path: path)
                return try HDF5.readChunk(at: position, of: found.id, maximum: BloscFrame.bound(size), path: path)
            }
            let number = coefficients.firstIndex(of: dataset) ?? 0
            try verify(frame, at: position, chunk: codec.fields.count + number)
            try BloscFrame.checkHeader(frame, size: size, as: .shuffled)
            return frame
        } catch {
            throw located(error.asDamage, name, position)
        }
    }

    /// Returns a coefficient of sample `position`, (planes, rows, columns); `dataset` must be one of `coefficients`.
    public func coefficient(
        _ dataset: ShardCoefficient.Dataset, at position: Int, with decoder: SampleDecoder
    ) throws(ShardsError) -> [Float] {
        let frame = try frame(dataset, at: position)
        do {
            return try decoder.decode(frame, planes: dataset.planes)
        } catch {
            throw located(error, dataset.coefficient.rawValue, position)
        }
    }

    /// Returns a coefficient that is stored once, (planes, rows, columns); `dataset` must be one of `fixedCoefficients`.
    public func fixedCoefficient(_ dataset: ShardCoefficient.Dataset) throws(ShardsError) -> [Float] {
        do {
            return try HDF5.locked { () throws(ShardsError) -> [Float] in
                let file = handles.withLock { $0?.file.id }
                return try HDF5.Column<Float>(name: dataset.coefficient.rawValue).read(
                    shape: dataset.extent(lattice), from: file ?? -1, path: path)
            }
        } catch {
            throw error.asDamage
        }
    }

    /// Returns the source image of sample `position`, (rows, columns).
    public func x(at position: Int, with decoder: SampleDecoder) throws(ShardsError) -> [Float] {
        try field(.x, at: position, with: decoder)
    }

    /// Returns the steady state of sample `position`, (rows, columns); `checkingDigest` compares it with `/y_sha256`.
    public func y(
        at position: Int, with decoder: SampleDecoder, checkingDigest: Bool = false
    ) throws(ShardsError) -> [Float] {
        if codec == .archive {
            return try archivedY(at: position, with: decoder, checkingDigest: checkingDigest)
        }
        guard checkingDigest else { return try field(.y, at: position, with: decoder) }
        let frame = try frame(.y, at: position)
        do {
            return try decoder.decodeY(frame, sha256: ySHA256s[position])
        } catch {
            throw located(error, "y", position)
        }
    }

    private func field(
        _ field: ShardField, at position: Int, with decoder: SampleDecoder
    ) throws(ShardsError) -> [Float] {
        var values = [Float](repeating: 0, count: lattice.count)
        var frame: [UInt8] = []
        try read(field, at: position, into: &values, with: decoder, frame: &frame)
        return values
    }

    func located(_ error: ShardsError, _ field: String, _ position: Int) -> ShardsError {
        ShardsError(
            error.code,
            "\(field) of sample \(position) (id \(ids[position])) of \(path) is damaged: \(error.message)",
            path: path)
    }
}
