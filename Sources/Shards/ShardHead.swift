internal import Fields

/// What an opened file says of its shape, checked against the format's bounds and against itself.
struct ShardHead: Sendable {
    let kind: ShardKind
    let codec: ShardCodec
    let lattice: Lattice
    let count: Int
    let maximumSources: Int
    /// The form of `/sources`.
    let sourceTable: SourceTable
    /// Keys of each sample, 0 where there is no `/keys`.
    let keys: Int
    /// The coefficients that are stored for each sample.
    let coefficients: [ShardCoefficient.Dataset]
    /// The coefficients that are stored once.
    let fixed: [ShardCoefficient.Dataset]
    let attributes: [String: ShardAttribute]

    /// Reads and checks attributes, `/x`, `/y` and the width of `/sources` of a file.
    init(of file: ShardFile) throws(ShardsError) {
        let (path, bytes) = (file.path, file.size)
        attributes = file.attributes
        guard attributes["format"] == .string(ShardLayout.format) else {
            throw ShardsError(
                .format,
                "\(path) is not a shard of Steadyset: its attribute 'format' says " + "otherwise",
                path: path)
        }
        guard attributes["version"] == .integer(ShardLayout.version) else {
            throw ShardsError(
                .format,
                "\(path) has another version of the shard format than \(ShardLayout.version): "
                    + "make the dataset anew, or use the Steadyset that made it", path: path)
        }
        codec = try ShardHead.codec(attributes, path: path)
        (count, lattice) =
            codec == .recipe
            ? try ShardHead.recipe(attributes, in: file) : try ShardHead.fields(codec, in: file)
        let width = try file.dataset(ShardLayout.sources.name).shape
        guard width.count == 3, (1...Configuration.maximumSources).contains(width[1]),
            let table = SourceTable(width: width[2])
        else {
            throw ShardsError(.corrupt, "/sources of \(path) has the shape \(width)", path: path)
        }
        maximumSources = width[1]
        sourceTable = table
        keys = try ShardHead.keys(in: file)
        (coefficients, fixed) = try ShardHead.coefficients(in: file, count: count, lattice: lattice)
        guard count <= ShardLayout.maximumSamples,
            count <= bytes
                / ShardLayout.columnBytes(maximumSources: maximumSources, width: table.width)
        else {
            throw ShardsError(
                .corrupt, "\(path) claims \(count) samples, more than fit its \(bytes) bytes",
                path: path)
        }
        kind = file.has(ShardLayout.rank.name) ? .shard : .part
    }

    /// The width of `/keys`.
    private static func keys(in file: ShardFile) throws(ShardsError) -> Int {
        guard file.has(ShardLayout.keys.name) else { return 0 }
        let shape = try file.dataset(ShardLayout.keys.name).shape
        guard shape.count == 2, (1...ShardLayout.maximumKeys).contains(shape[1]) else {
            throw ShardsError(
                .corrupt, "/keys of \(file.path) has the shape \(shape)", path: file.path)
        }
        return shape[1]
    }

    /// The coefficients' datasets: those with chunks are of each sample, the others of all.
    private static func coefficients(in file: ShardFile, count: Int, lattice: Lattice)
        throws(ShardsError) -> (
            drawn: [ShardCoefficient.Dataset], fixed: [ShardCoefficient.Dataset]
        )
    {
        var drawn: [ShardCoefficient.Dataset] = []
        var fixed: [ShardCoefficient.Dataset] = []
        for coefficient in ShardCoefficient.allCases {
            let name = coefficient.rawValue
            guard file.has(name) else { continue }
            let path = file.path
            let facts = try file.dataset(name)
            try file.require(.float32, of: facts)
            let leading = facts.shape.count - (facts.chunk == nil ? 0 : 1)
            let found = ShardCoefficient.Dataset(coefficient, planes: leading == 3 ? 2 : 1)
            let extent = found.extent(lattice)
            if let chunk = facts.chunk {
                guard facts.shape == [count] + extent, chunk == [1] + extent,
                    facts.filters == [Int(BloscFrame.filter)]
                else {
                    throw ShardsError(
                        .corrupt,
                        "the dataset '\(name)' of \(path) is not one blosc chunk per " + "sample",
                        path: path)
                }
                drawn.append(found)
            } else {
                guard facts.shape == extent else {
                    throw ShardsError(
                        .corrupt, "the dataset '\(name)' of \(path) has the shape \(facts.shape)",
                        path: path)
                }
                fixed.append(found)
            }
        }
        return (drawn, fixed)
    }

    private static func codec(_ attributes: [String: ShardAttribute], path: String)
        throws(ShardsError) -> ShardCodec
    {
        guard let attribute = attributes[ShardLayout.codec] else { return .standard }
        guard case .string(let name) = attribute, let codec = ShardCodec(rawValue: name),
            codec != .standard
        else {
            throw ShardsError(
                .format, "\(path) has a codec that this Steadyset does not know", path: path)
        }
        return codec
    }

    /// Number of samples and lattice of a file with fields.
    private static func fields(_ codec: ShardCodec, in file: ShardFile) throws(ShardsError) -> (
        Int, Lattice
    ) {
        let path = file.path
        let shapes = try codec.fields.map { (field) throws(ShardsError) in
            try ShardHead.shape(of: field, in: file)
        }
        guard shapes[0] == shapes[1] else {
            throw ShardsError(
                .corrupt,
                "/\(codec.fields[0].rawValue) and /\(codec.fields[1].rawValue) of \(path) have "
                    + "different shapes, \(shapes[0]) and \(shapes[1])", path: path)
        }
        do { return (shapes[0][0], try Lattice(rows: shapes[0][1], columns: shapes[0][2])) } catch {
            throw ShardsError(.tooLarge, "\(path): \(error.message)", path: path)
        }
    }

    /// Number of samples and lattice of a recipe, which has no fields: from `/id` and the attribute
    /// `physics`.
    private static func recipe(_ attributes: [String: ShardAttribute], in file: ShardFile)
        throws(ShardsError) -> (Int, Lattice)
    {
        let shape = try file.dataset(ShardLayout.id.name).shape
        guard shape.count == 1 else {
            throw ShardsError(
                .corrupt, "/id of \(file.path) has the shape \(shape)", path: file.path)
        }
        return (shape[0], try Physics(of: attributes, path: file.path).lattice)
    }

    private static func shape(of field: ShardField, in file: ShardFile) throws(ShardsError) -> [Int]
    {
        let (name, path) = (field.rawValue, file.path)
        let facts = try file.dataset(name)
        try file.require(field == .residual ? .uint32 : .float32, of: facts)
        let shape = facts.shape
        guard shape.count == 3, shape[0] <= ShardLayout.maximumSamples,
            facts.chunk == [1, shape[1], shape[2]], facts.filters == [Int(BloscFrame.filter)]
        else {
            throw ShardsError(
                .corrupt,
                "the dataset '\(name)' of \(path) is not one blosc chunk per sample: its shape is "
                    + "\(shape)", path: path)
        }
        return shape
    }
}

/// The columns of a shard as they are read.
struct ShardTable: Sendable {
    let ids: [UInt64]
    let sourceCounts: [UInt16]
    let indices: [UInt64]
    let ranks: [UInt64]?
    let sourceFactors: [Double]  // empty where there are none
    let keys: [UInt32]  // (samples, keys)
    let sources: [Double]  // (samples, maximum sources, width)
    let errorBounds: [Double]
    let ySHA256s: [Digest]
    let checksums: [UInt64]  // (samples, chunks)

    /// Reads every column.
    init(of file: ShardFile, head: ShardHead) throws(ShardsError) {
        let (path, count) = (file.path, head.count)
        ids = try ShardLayout.id.read(shape: [count], from: file)
        sourceCounts = try ShardLayout.sourceCounts.read(shape: [count], from: file)
        indices = try ShardLayout.index.read(shape: [count], from: file)
        ranks = head.kind == .shard ? try ShardLayout.rank.read(shape: [count], from: file) : nil
        keys =
            head.keys == 0 ? [] : try ShardLayout.keys.read(shape: [count, head.keys], from: file)
        sources = try ShardLayout.sources.read(
            shape: [count, head.maximumSources, head.sourceTable.width], from: file)
        sourceFactors =
            head.codec == .archive
            ? try ShardLayout.sourceFactor.read(shape: [count], from: file) : []
        errorBounds = try ShardLayout.errorBound.read(shape: [count], from: file)
        let bytes = try ShardLayout.ySHA256.read(shape: [count, 32], from: file)
        ySHA256s = (0..<count).compactMap { Digest(bytes: Array(bytes[32 * $0..<32 * ($0 + 1)])) }
        let chunks = head.codec.fields.count + head.coefficients.count
        checksums =
            count * chunks == 0
            ? [] : try ShardLayout.checksums.read(shape: [count, chunks], from: file)
        // Whole numbers that every reader can hold; arithmetic with them does not overflow.
        if (indices + (ranks ?? [])).contains(where: { $0 > ShardLayout.largestNumber }) {
            throw ShardsError(.corrupt, "an index or a rank of \(path) is beyond 2^53", path: path)
        }
        // Half a step of rounding is in every bound of a label on a grid; what is less certifies
        // nothing.
        let least = ShardLayout.leastBound(head.attributes)
        if let position = errorBounds.firstIndex(where: { !($0 >= least && $0.isFinite) }) {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) has the error bound \(errorBounds[position]), "
                    + "which no label of its grid can have: at least \(least), half a step, is "
                    + "lost in rounding; the file is damaged or forged, so make it again",
                path: path)
        }
        if let position = sourceCounts.firstIndex(where: { $0 > head.maximumSources }) {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) claims \(sourceCounts[position]) sources; there is "
                    + "room for \(head.maximumSources)", path: path)
        }
    }
}
