public import Documents
package import Fields

extension Design {
    /// The parameters, for manifests; `init(json:)` reads them back without loss.
    public var json: JSON {
        var members: [String: JSON] = [
            "physics": physics.json, "strata": .array(strata.map(JSON.integer)),
            "counts": .array(counts.map(JSON.integer)), "values": values.json,
            "seed": .integer(Int(seed)),
        ]
        if shapes.count == 1, let radius = shapes[0].diskRadius {
            members["radius"] = radius.json
        } else {
            members["shapes"] = .array(shapes.map(\.json))
        }
        // Without it a design is one of an earlier release, or one that has no single sources with
        // symmetries.
        if places == .orbits, let orbits, !orbits.areSingle {
            members["places"] = .string("orbits")
        }
        return .object(members)
    }

    /// Reads a design from its `json`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing or of the
    ///   wrong type; otherwise as the memberwise initialiser.
    public init(json: JSON) throws(SamplingError) {
        let members = try Members(
            json, of: "the design", required: ["physics", "strata", "counts", "values", "seed"],
            optional: ["radius", "shapes", "places"])
        let seed: UInt32 = try members.get("seed", "an integer from 0 to 4294967295") {
            $0.int.flatMap(UInt32.init(exactly:))
        }
        try self.init(
            physics: try Design.physics(try members.json("physics")),
            strata: try members.ints("strata"), counts: try members.ints("counts"),
            shapes: try ShapeRange.alternatives(
                radius: members.optional("radius"), shapes: members.optional("shapes")),
            values: try SourceValues(json: try members.json("values")), seed: seed,
            places: members.has("places")
                ? try members.get("places", "'orbits'") { $0.string == "orbits" ? .orbits : nil }
                : .all)
    }

    /// Reads the block `sampling` of a pipeline with all its members, for `physics`.
    ///
    /// - Throws: `SamplingError` as `init(json:)`, and with code `.design` where a range of strata
    ///   holds nothing.
    package init(sampling json: JSON, physics: Physics) throws(SamplingError) {
        let members = try Members(
            json, of: "sampling", required: ["strata", "samples_per_stratum", "values", "seed"],
            optional: ["radius", "shapes"])
        var design = json.object ?? [:]
        if try members.json("strata").object != nil {
            let range = try Members(
                try members.json("strata"), of: "'strata'", required: ["from", "to"])
            let (from, to) = (try range.int("from"), try range.int("to"))
            guard from <= to else {
                throw SamplingError(.design, "strata from \(from) to \(to) hold nothing")
            }
            design["strata"] = .array((from...to).map(JSON.integer))
        }
        let counts = try members.json("samples_per_stratum")
        design["samples_per_stratum"] = nil
        design["counts"] =
            counts.array != nil
            ? counts
            : .array(Array(repeating: counts, count: design["strata"]?.array?.count ?? 0))
        design["physics"] = physics.json
        design["places"] = .string("orbits")
        try self.init(json: .object(design))
    }

    /// Reads what `Physics.json` writes.
    private static func physics(_ json: JSON) throws(SamplingError) -> Physics {
        do { return try Physics(json: json) } catch {
            throw SamplingError(
                error.code == .document ? .document : .design, "the design's physics: \(error)"
            )
        }
    }
}

extension SourceValues {
    /// The rule, for manifests.
    public var json: JSON {
        switch self {
        case .anchored(let above, let upTo):
            .object(["rule": .string("anchored"), "above": .number(above), "up_to": .number(upTo)])
        case .rescaled(let from, let upTo):
            .object(["rule": .string("rescaled"), "from": .number(from), "up_to": .number(upTo)])
        }
    }

    /// Reads a rule from its `json`. Its bounds are checked by `Design`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing or of the
    ///   wrong type.
    public init(json: JSON) throws(SamplingError) {
        let context = "the design's values"
        switch json["rule"]?.string {
        case "anchored":
            let members = try Members(json, of: context, required: ["rule", "above", "up_to"])
            self = .anchored(above: try members.double("above"), upTo: try members.double("up_to"))
        case "rescaled":
            let members = try Members(json, of: context, required: ["rule", "from", "up_to"])
            self = .rescaled(from: try members.double("from"), upTo: try members.double("up_to"))
        default:
            throw SamplingError(.document, "'rule' of \(context) is not 'anchored' or 'rescaled'")
        }
    }
}
