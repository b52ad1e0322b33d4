internal import Datasets
internal import Documents
internal import Fields
internal import Shards

/// Decodes the samples of an archive, whose chunks the client has read.
final class ArchiveSubject: EngineSubject {
    private let physics: Physics
    private var lattice: Lattice { physics.lattice }
    private let labels: any LabelDecoder
    private let field: ShardField
    /// The coefficients of which each sample has a chunk.
    private let drawn: [ShardCoefficient.Dataset]
    private let decoder: SampleDecoder
    private var x: [Float]

    /// Reads the definition.
    init(_ request: JSON) throws {
        let members = try Members(
            request, of: "a definition",
            required: ["do", "name", "what", "physics", "grid_bits"])
        physics = try Physics(json: try members.json("physics"))
        let bits = try members.optionalInt("grid_bits")
        if let bits, !(0..<40).contains(bits) {
            throw EngineError(.data, "labels cannot be multiples of 2^-\(bits)")
        }
        let content = ShardContent(
            physics: physics, step: bits.map { Double(sign: .plus, exponent: -$0, significand: 1) },
            fixed: try ShardCoefficient.fixedValues(under: physics))
        guard let coding = ShardCodecs.named("archive")?.labels else {
            throw EngineError(.internal, "there is no codec 'archive'")
        }
        labels = try coding.decoder { () throws(ShardsError) in content }
        field = coding.field
        drawn = ShardCoefficient.drawn(under: physics)
        decoder = try SampleDecoder(lattice: physics.lattice)
        x = [Float](repeating: 0, count: physics.lattice.count)
    }

    var description: JSON {
        .object(["lattice": .array([.integer(lattice.rows), .integer(lattice.columns)])])
    }

    func answer(_ task: String, _ request: JSON, _ client: EngineClient) throws -> JSON {
        guard task == "decode" else { throw unknown(task) }
        let members = try Members(
            request, of: "a request", required: ["do", "with", "samples", "into"])
        let places = try FieldPlaces(
            try members.json("into"), coefficients: drawn, lattice: lattice)
        _ = try client.map(try members.array("samples")) { number, sample in
            try decode(sample, into: places.sample(number), client.memory)
        }
        return .object([:])
    }

    private func decode(_ json: JSON, into places: FieldPlaces, _ memory: SharedMemory) throws {
        let members = try Members(
            json, of: "a sample", required: ["at", "chunks"], optional: ["checksums", "sha256"])
        var (chunks, isVerified) = try chunks(members, memory)
        let isAlone = chunks.count == 1
        guard isAlone || chunks.count == 2 + drawn.count else {
            throw EngineError(
                .usage, "a sample has \(2 + drawn.count) chunks, or that of y alone")
        }
        var y = chunks[isAlone ? 0 : 1]
        let archived = try ArchiveChunk(y, isVerified: isVerified)
        if isAlone {
            // The chunk's checksum was compared, and covers its frame of x.
            (chunks, isVerified) = ([archived.x(of: y)], true)
        }
        // A span of a property may not be passed on.
        var own: [Float] = []
        swap(&own, &x)
        defer { swap(&own, &x) }
        if let place = places.x {
            try memory.change(at: place, count: lattice.count) { x in
                try decoder.decode(&chunks[0], as: .x, into: &x, isVerified: isVerified)
            }
        } else {
            var span = own.mutableSpan
            try decoder.decode(&chunks[0], as: .x, into: &span, isVerified: isVerified)
        }
        let coefficients = try isAlone ? realised(archived.keys) : stored(chunks)
        for (values, out) in zip(coefficients, places.coefficients) {
            if let out { try memory.put(values, at: out) }
        }
        guard let out = places.y else { return }
        if let place = places.x {
            try memory.change(at: out, count: lattice.count, beside: place) { span, x in
                try labels.decode(
                    &y, coefficients: coefficients, x: x, into: &span, with: decoder)
            }
        } else {
            try memory.change(at: out, count: lattice.count) { span in
                try labels.decode(
                    &y, coefficients: coefficients, x: own.span, into: &span, with: decoder)
            }
        }
        if let expected = members.optional("sha256")?.string {
            let found = Digest(of: try memory.bytes(at: out, count: 4 * lattice.count))
            guard found.description == expected else {
                throw EngineError(.data, "y does not have the digest that was recorded for it")
            }
        }
    }

    /// The chunks that a sample names, and whether checksums came with them, which they have.
    private func chunks(_ members: Members, _ memory: SharedMemory) throws -> ([[UInt8]], Bool) {
        let lengths = try members.ints("chunks")
        let checksums = try members.optional("checksums").map { _ in try members.array("checksums")
        }
        var place = try members.int("at")
        let chunks = try lengths.enumerated().map { number, length in
            let chunk = try memory.bytes(at: place, count: length)
            place += length
            if let checksums {
                guard number < checksums.count,
                    checksums[number].string == XXHash64.hex(of: chunk)
                else {
                    throw EngineError(
                        .data,
                        "a chunk is damaged: it does not have the checksum that was recorded for "
                            + "it")
                }
            }
            return chunk
        }
        return (chunks, checksums != nil)
    }

    /// The coefficients that stand beside x and y.
    private func stored(_ chunks: [[UInt8]]) throws -> [[Float]] {
        try drawn.enumerated().map { number, dataset in
            try decoder.decode(chunks[2 + number], planes: dataset.planes)
        }
    }

    /// The same, drawn anew.
    private func realised(_ keys: [UInt32]) throws -> [[Float]] {
        let physics = try physics.realised(keys: keys)
        guard !drawn.isEmpty else { return [] }
        let medium = physics.medium()
        return drawn.map { $0.values(medium) }
    }
}
