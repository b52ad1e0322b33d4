internal import Documents
internal import Fields
internal import Shards

/// Decodes the samples of an archive, whose chunks the client has read.
final class ArchiveSubject: EngineSubject {
    private let lattice: Lattice
    private let labels: any LabelDecoder
    private let field: ShardField
    /// The coefficients of which each sample has a chunk.
    private let drawn: [ShardCoefficient.Dataset]
    private let decoder: SampleDecoder
    private var x: [Float]

    /// Reads the definition; `memory` holds the coefficients that all samples share.
    init(_ request: JSON, _ memory: SharedMemory) throws {
        let members = try Members(
            request, of: "a definition",
            required: ["do", "name", "what", "physics", "grid_bits", "coefficients"])
        let physics = try Physics(json: try members.json("physics"))
        let fixed = ShardCoefficient.fixed(under: physics)
        let given = try members.array("coefficients").map { json in
            let members = try Members(
                json, of: "a coefficient", required: ["name", "planes", "at"])
            return (try members.string("name"), try members.int("planes"), try members.int("at"))
        }
        let coefficients = try fixed.map { dataset in
            guard
                let (_, _, place) = given.first(where: {
                    $0.0 == dataset.coefficient.rawValue && $0.1 == dataset.planes
                })
            else {
                throw EngineError(
                    .data,
                    "the dataset does not have '\(dataset.coefficient.rawValue)', which "
                        + "its labels need")
            }
            let count = dataset.planes * physics.lattice.count
            return (dataset, try memory.floats(at: place, count: count))
        }
        let bits = try members.optionalInt("grid_bits")
        let content = ShardContent(
            physics: physics, step: bits.map { Double(sign: .plus, exponent: -$0, significand: 1) },
            fixed: coefficients.map { (dataset: $0.0, values: $0.1) })
        guard let coding = ShardCodecs.named("archive")?.labels else {
            throw EngineError(.internal, "there is no codec 'archive'")
        }
        labels = try coding.decoder { () throws(ShardsError) in content }
        field = coding.field
        lattice = physics.lattice
        drawn = ShardCoefficient.drawn(under: physics)
        decoder = try SampleDecoder(lattice: lattice)
        x = [Float](repeating: 0, count: lattice.count)
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
            json, of: "a sample", required: ["at", "chunks", "source_factor"],
            optional: ["checksums", "sha256"])
        let lengths = try members.ints("chunks")
        guard lengths.count == 2 + drawn.count, lengths.allSatisfy({ $0 >= 0 }) else {
            throw EngineError(.usage, "a sample has \(2 + drawn.count) chunks")
        }
        let checksums = try members.optional("checksums").map { _ in try members.array("checksums")
        }
        var place = try members.int("at")
        var chunks = try lengths.enumerated().map { number, length in
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
        // Without checksums, those of zstd are looked at; a label's decoder takes both as read.
        let isVerified = checksums != nil
        if !isVerified { _ = try decoder.decode(chunks[1], as: field) }
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
        var fields = LabelFields(numbers: [try members.double("source_factor")])
        for (number, dataset) in drawn.enumerated() {
            let values = try decoder.decode(chunks[2 + number], planes: dataset.planes)
            if let out = places.coefficients[number] { try memory.put(values, at: out) }
            fields.coefficients.append(values)
        }
        guard let out = places.y else { return }
        if let place = places.x {
            try memory.change(at: out, count: lattice.count, beside: place) { y, x in
                try labels.decode(&chunks[1], beside: fields, x: x, into: &y, with: decoder)
            }
        } else {
            try memory.change(at: out, count: lattice.count) { y in
                try labels.decode(&chunks[1], beside: fields, x: own.span, into: &y, with: decoder)
            }
        }
        if let expected = members.optional("sha256")?.string {
            let found = Digest(of: try memory.bytes(at: out, count: 4 * lattice.count))
            guard found.description == expected else {
                throw EngineError(.data, "y does not have the digest that was recorded for it")
            }
        }
    }
}
