public import Documents
internal import Fields

extension Split {
    /// The parameters, for manifests; `init(json:)` reads them back without loss.
    public var json: JSON {
        .object([
            "test_every": testEvery.map(JSON.integer) ?? .null,
            "validation_every": validationEvery.map(JSON.integer) ?? .null,
            "subsets": .array(subsets.map { .number($0.percent) }),
            "windows": .array(
                windows.map {
                    .object([
                        "name": .string($0.name), "percent": .number($0.share.percent),
                        "offset": .integer($0.offset),
                    ])
                }),
        ])
    }

    /// Reads a split from its `json`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing or of the
    ///   wrong type; otherwise as the memberwise initialiser.
    public init(json: JSON) throws(SamplingError) {
        let members = try Members(
            json, of: "the split",
            required: ["test_every", "validation_every", "subsets", "windows"])
        let subsets = try members.array("subsets")
        let percentages = subsets.compactMap(\.double)
        guard percentages.count == subsets.count else {
            throw SamplingError(.document, "'subsets' of the split is not an array of numbers")
        }
        var windows: [Window] = []
        for window in try members.array("windows") {
            let members = try Members(
                window, of: "a window of the split", required: ["name", "percent", "offset"])
            windows.append(
                Window(
                    name: try members.string("name"),
                    share: try Percentage(try members.double("percent")),
                    offset: try members.int("offset")))
        }
        try self.init(
            testEvery: try members.optionalInt("test_every"),
            validationEvery: try members.optionalInt("validation_every"), subsets: percentages,
            windows: windows)
    }
}

extension Selection {
    /// The selection, for manifests; `init(json:)` reads it back without loss. `ranks` is there
    /// where it is one range, `ranges` where there are several, `stratum` only where one is chosen.
    public var json: JSON {
        func pair(_ ranks: Range<Int>) -> JSON {
            .array([.integer(ranks.lowerBound), .integer(ranks.upperBound)])
        }
        var members: [String: JSON] = [
            "name": .string(name), "part": .string(part.rawValue), "samples": .integer(samples),
        ]
        if ranges.count == 1 {
            members["ranks"] = pair(span)
        } else {
            members["ranges"] = .array(ranges.map(pair))
        }
        members["stratum"] = stratum.map(JSON.integer)
        return .object(members)
    }

    /// Reads a selection from its `json`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing, of the
    ///   wrong type or out of range, the name is none of a selection, or ranges are empty, out of
    ///   order or touch.
    public init(json: JSON) throws(SamplingError) {
        let members = try Members(
            json, of: "a selection", required: ["name", "part", "samples"],
            optional: ["ranks", "ranges", "stratum"])
        func pair(_ json: JSON) -> Range<Int>? {
            guard let ends = json.array, ends.count == 2, let first = ends[0].int,
                let end = ends[1].int
            else { return nil }
            return 0 <= first && first <= end ? first..<end : nil
        }
        guard members.has("ranks") != members.has("ranges") else {
            throw SamplingError(.document, "a selection has either 'ranks' or 'ranges'")
        }
        let ranges =
            members.has("ranks")
            ? [try members.get("ranks", "a pair of ranks [first, end]", pair)]
            : try members.get(
                "ranges", "an array of pairs of ranks [first, end], ascending and apart"
            ) { json in
                guard let array = json.array else { return nil as [Range<Int>]? }
                let ranges = array.compactMap(pair)
                return ranges.count == array.count && Selection.areProper(ranges) ? ranges : nil
            }
        let samples = try members.int("samples")
        let ranks = ranges.reduce(0) { $0 + $1.count }
        guard 0...ranks ~= samples else {
            throw SamplingError(
                .document, "'samples' of a selection of \(ranks) ranks is \(samples)")
        }
        let part = try members.get("part", "'train', 'validation' or 'test'") {
            $0.string.flatMap(Split.Part.init(rawValue:))
        }
        let name = try members.string("name")
        guard Selection.isProper(name: name, of: part) else {
            throw SamplingError(
                .document,
                "a selection of \(part.rawValue) cannot be called "
                    + "'\(name.unicodeScalars.prefix(80).map(String.init).joined())': a name is "
                    + "\(part.rawValue)/ and up to 64 letters, digits, '.', '_', '%' and '-'")
        }
        let stratum = try members.optionalInt("stratum")
        guard stratum.map((1...Configuration.maximumSources).contains) ?? true else {
            throw SamplingError(.document, "'stratum' of a selection is out of range")
        }
        self.init(name: name, part: part, ranges: ranges, stratum: stratum, samples: samples)
    }
}
