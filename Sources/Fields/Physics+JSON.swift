public import Documents

extension Physics {
    /// The members that manifests and ids are made from; `init(json:)` reads them back without
    /// loss.
    public var json: JSON {
        .object([
            "lattice": .array([.number(Double(lattice.rows)), .number(Double(lattice.columns))]),
            "diffusivity": diffusivity.json, "decay_rate": decayRate.json,
            "boundary": boundary.json, "sources": .string(sources.rawValue),
            "overlap": .string(overlap.rawValue),
        ])
    }

    /// Reads what `json` writes.
    ///
    /// - Throws: `ConfigurationError`: `.document` where a member is unknown, missing or of the
    ///   wrong type, otherwise as the memberwise initialiser.
    public init(json: JSON) throws(ConfigurationError) {
        let members = try Members(
            json, of: "the physics",
            required: ["lattice", "diffusivity", "decay_rate", "boundary", "sources", "overlap"])
        let sides = try members.ints("lattice")
        guard sides.count == 2 else {
            throw ConfigurationError(
                .document, "'lattice' of the physics is not a pair of rows and columns")
        }
        try self.init(
            lattice: try Lattice(rows: sides[0], columns: sides[1]),
            boundary: try Boundary(json: try members.json("boundary")),
            diffusivity: try Diffusivity(json: try members.json("diffusivity")),
            decayRate: try Coefficient(json: try members.json("decay_rate"), of: "decay_rate"),
            sources: try members.get("sources", "'pinned' or 'emitting'") {
                $0.string.flatMap(SourceModel.init)
            },
            overlap: try members.get("overlap", "'max', 'sum', 'last' or 'forbid'") {
                $0.string.flatMap(OverlapPolicy.init)
            })
    }
}

extension Boundary {
    /// One word where all sides are the same, else the words of all four.
    var json: JSON {
        guard self != Boundary(all: top) else { return .string(top.rawValue) }
        return .object([
            "top": .string(top.rawValue), "bottom": .string(bottom.rawValue),
            "left": .string(left.rawValue), "right": .string(right.rawValue),
        ])
    }

    /// Reads what `json` writes.
    init(json: JSON) throws(ConfigurationError) {
        if let word = json.string {
            guard let condition = SideCondition(rawValue: word) else {
                throw ConfigurationError(
                    .document, "'boundary' is not 'absorbing', 'reflecting' or 'periodic'")
            }
            self.init(all: condition)
            return
        }
        let members = try Members(
            json, of: "'boundary'", required: ["top", "bottom", "left", "right"])
        func side(_ key: String) throws(ConfigurationError) -> SideCondition {
            try members.get(key, "'absorbing', 'reflecting' or 'periodic'") {
                $0.string.flatMap(SideCondition.init)
            }
        }
        try self.init(
            top: try side("top"), bottom: try side("bottom"), left: try side("left"),
            right: try side("right"))
    }
}

extension Diffusivity {
    /// A coefficient, or an object of `down` and `across`.
    var json: JSON {
        switch self {
        case .isotropic(let coefficient): coefficient.json
        case .anisotropic(let down, let across):
            .object(["down": down.json, "across": across.json])
        }
    }

    /// Reads what `json` writes.
    init(json: JSON) throws(ConfigurationError) {
        guard json["down"] != nil || json["across"] != nil else {
            self = .isotropic(try Coefficient(json: json, of: "diffusivity"))
            return
        }
        let members = try Members(json, of: "'diffusivity'", required: ["down", "across"])
        self = .anisotropic(
            down: try Coefficient(json: try members.json("down"), of: "diffusivity.down"),
            across: try Coefficient(json: try members.json("across"), of: "diffusivity.across"))
    }
}
