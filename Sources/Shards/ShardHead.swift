internal import Documents
internal import Fields

/// What an opened file says of its shape, checked against the format's bounds and against itself.
struct ShardHead: Sendable {
    let kind: ShardKind
    let codec: any ShardCodec
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
                "\(path) is not a shard of Steadyset: its attribute 'format' says otherwise",
                path: path)
        }
        codec = try ShardHead.codec(attributes, path: path)
        guard attributes["version"] == .integer(codec.version) else {
            throw ShardsError(
                .format,
                "\(path) has another version of the shard format than \(codec.version): "
                    + "make the dataset anew, or use the Steadyset that made it", path: path)
        }
        (count, lattice) =
            codec.labels == nil
            ? try ShardHead.withoutFields(attributes, in: file)
            : try ShardHead.fields(codec, in: file)
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
                    facts.filters.map(\.number) == [BloscFrame.filter]
                else {
                    throw ShardsError(
                        .corrupt,
                        "the dataset '\(name)' of \(path) is not one blosc chunk per sample",
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
        throws(ShardsError) -> any ShardCodec
    {
        guard let attribute = attributes[ShardLayout.codec] else { return ShardCodecs.standard }
        guard case .string(let name) = attribute, let codec = ShardCodecs.named(name),
            !codec.isStandard
        else {
            throw ShardsError(
                .format, "\(path) has a codec that this Steadyset does not know", path: path)
        }
        return codec
    }

    /// Number of samples and lattice of a file with fields.
    private static func fields(_ codec: any ShardCodec, in file: ShardFile) throws(ShardsError) -> (
        Int, Lattice
    ) {
        let path = file.path
        let shapes = try codec.fields.map { (field) throws(ShardsError) in
            try ShardHead.shape(of: field, codec, in: file)
        }
        guard shapes[0] == shapes[1] else {
            throw ShardsError(
                .corrupt,
                "/\(codec.fields[0].name) and /\(codec.fields[1].name) of \(path) have different "
                    + "shapes, \(shapes[0]) and \(shapes[1])", path: path)
        }
        do { return (shapes[0][0], try Lattice(rows: shapes[0][1], columns: shapes[0][2])) } catch {
            throw ShardsError(.tooLarge, "\(path): \(error.message)", path: path)
        }
    }

    /// Number of samples and lattice of a file without fields: from `/id` and the attribute
    /// `physics`.
    private static func withoutFields(_ attributes: [String: ShardAttribute], in file: ShardFile)
        throws(ShardsError) -> (Int, Lattice)
    {
        let shape = try file.dataset(ShardLayout.id.name).shape
        guard shape.count == 1 else {
            throw ShardsError(
                .corrupt, "/id of \(file.path) has the shape \(shape)", path: file.path)
        }
        return (shape[0], try Physics(of: attributes, path: file.path).lattice)
    }

    private static func shape(
        of field: ShardField, _ codec: any ShardCodec, in file: ShardFile
    ) throws(ShardsError) -> [Int] {
        let (name, path) = (field.name, file.path)
        let facts = try file.dataset(name)
        try file.require(.float32, of: facts)
        let shape = facts.shape
        let filter = try codec.filter(of: field, file.attributes, bytes: 0, level: 0, path: path)
        guard shape.count == 3, shape[0] <= ShardLayout.maximumSamples,
            facts.chunk == [1, shape[1], shape[2]],
            facts.filters.map(\.number) == [filter.number]
        else {
            throw ShardsError(
                .corrupt,
                "the dataset '\(name)' of \(path) is not one chunk per sample, of the filter "
                    + "\(filter.number): its shape is \(shape)", path: path)
        }
        // What other programs decode with is what this one decodes with.
        guard !field.isArchived || facts.filters == [filter] else {
            throw ShardsError(
                .corrupt,
                "the filter of '\(name)' of \(path) has other client data than its attributes say",
                path: path)
        }
        return shape
    }
}

extension ShardHead {
    /// Reads what is the same for all samples of the file.
    func content(of file: ShardFile) throws(ShardsError) -> ShardContent {
        let path = file.path
        let content = try ShardContent(attributes, path: path)
        guard content.physics.lattice == lattice else {
            throw ShardsError(
                .corrupt, "the lattice of \(path) is not that of its fields", path: path)
        }
        return ShardContent(
            physics: content.physics, step: content.step,
            fixed: try fixed.map { (dataset) throws(ShardsError) in
                (
                    dataset,
                    try HDF5.Column<Float>(name: dataset.coefficient.rawValue).read(
                        shape: dataset.extent(lattice), from: file)
                )
            })
    }
}

extension ShardContent {
    /// What the attributes of a shard say, without coefficients.
    init(_ attributes: [String: ShardAttribute], path: String) throws(ShardsError) {
        let physics = try Physics(of: attributes, path: path)
        guard case .double(let step)? = attributes["grid"],
            step == 0 || (step > 0x1p-40 && step <= 1 && step.significand == 1)
        else {
            throw ShardsError(
                .corrupt, "\(path) lacks the attribute 'grid', or its step is none", path: path)
        }
        self.init(physics: physics, step: step == 0 ? nil : step, fixed: [])
    }
}

extension Physics {
    /// The physics that a shard's attribute says.
    init(of attributes: [String: ShardAttribute], path: String) throws(ShardsError) {
        guard case .string(let text)? = attributes["physics"] else {
            throw ShardsError(.corrupt, "\(path) lacks the attribute 'physics'", path: path)
        }
        let json = try ShardsError.telling { () throws(DocumentError) in
            try JSON.parse(Array(text.utf8), source: "\(path), attribute 'physics'")
        }
        do { try self.init(json: json) } catch {
            throw ShardsError(
                .corrupt, "\(path), attribute 'physics': \(error.message)", path: path)
        }
    }
}
