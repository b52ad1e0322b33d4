internal import Datasets
internal import Documents
internal import Fields
internal import Shards
internal import Solving

/// A configuration that the client gives, and what it knows of its label.
struct GivenSample {
    let configuration: Configuration
    /// SHA-256 that y is said to have.
    let digest: String?
    private let errorBound: Double?

    /// Reads a sample of `physics`: its sources as configurations have them, or as rows of a
    /// shard's `/sources`, and the keys that `physics` leaves open.
    init(_ json: JSON, of physics: Physics) throws {
        let members = try Members(
            json, of: "a sample", required: [],
            optional: ["sources", "rows", "keys", "id", "sha256", "error_bound"])
        guard members.has("sources") != members.has("rows") else {
            throw EngineError(.usage, "a sample has either 'sources' or 'rows'")
        }
        let sources =
            members.has("sources")
            ? try members.array("sources").map { try Source(json: $0) }
            : try members.array("rows").map { row in
                let numbers = row.array?.compactMap { $0 == .null ? .nan : $0.double } ?? []
                guard numbers.count == row.array?.count,
                    let source = SourceTable.source(ofRow: numbers, on: physics.lattice)
                else { throw EngineError(.data, "a row of /sources is not a source") }
                return source
            }
        let keys = members.has("keys") ? try members.ints("keys") : []
        let exact = keys.compactMap { UInt32(exactly: $0) }
        guard exact.count == keys.count else {
            throw EngineError(.data, "a key is not a whole number from 0 to 2^32 − 1")
        }
        configuration = try Configuration(
            physics: try physics.realised(keys: exact), sources: sources)
        digest = members.optional("sha256")?.string
        errorBound = try members.optionalDouble("error_bound")
        if let id = members.optional("id")?.string, id != configuration.id.description {
            throw EngineError(.data, "the id of its sources is \(configuration.id), not \(id)")
        }
    }

    /// `sources` as rows, as they may be given.
    static func rows(of sources: [Source]) -> JSON {
        .array(SourceTable.rows(of: sources).map { .array($0.map(JSON.finite)) })
    }

    /// Whether something is known of its label, to be compared.
    var isKnown: Bool { digest != nil || errorBound != nil }

    /// Compares the label with what is known of it.
    func check(_ label: LabelSource.Label) throws(EngineError) {
        let isOther =
            digest.map { $0 != label.digest?.description } ?? false
            || errorBound.map { $0 != label.solution.errorBound } ?? false
        guard !isOther else {
            throw EngineError(
                .data,
                "solved again it differs from what was recorded; the Steadyset that made the "
                    + "recipe may be another one")
        }
    }
}
