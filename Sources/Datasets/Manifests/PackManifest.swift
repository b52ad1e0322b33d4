package import Documents
package import Fields
package import Sampling
package import Shards
package import Solving

/// What the pack stage wrote: the base of a dataset, or a version that a round made of it.
package struct PackManifest: StageManifest {
    /// A file of samples.
    package struct Shard: Hashable, Sendable {
        package var file: Manifest.File
        package var part: Split.Part
        /// The ranks that it is for; not all need exist.
        package var ranks: Range<Int>
        /// SHA-256 of the samples' ids, ranks, bounds and labels.
        package var digest: Digest

        package init(file: Manifest.File, part: Split.Part, ranks: Range<Int>, digest: Digest) {
            self.file = file
            self.part = part
            self.ranks = ranks
            self.digest = digest
        }
    }

    /// A file beside the shards that the manifest names.
    package struct Companion: Hashable, Sendable {
        package var path: String
        package var bytes: Int
        package var sha256: Digest

        package init(_ file: Manifest.File) {
            (path, bytes, sha256) = (file.path, file.bytes, file.sha256)
        }

        init(_ members: ManifestMembers) throws(DatasetError) {
            path = try members.string("path")
            bytes = try members.count("bytes")
            sha256 = try members.digest("sha256")
        }

        package var json: JSON {
            .object([
                "path": .string(path), "bytes": .integer(bytes),
                "sha256": .string(sha256.description),
            ])
        }
    }

    /// What makes it a version: its parent, and why it differs.
    package struct Descent: Hashable, Sendable {
        /// The id of the version that it was made from.
        package var parent: Digest
        /// SHA-256 of the file of choices.
        package var choices: Digest
        package var round: VersionRound

        package init(parent: Digest, choices: Digest, round: VersionRound) {
            self.parent = parent
            self.choices = choices
            self.round = round
        }
    }

    package static let stage = Stage.pack

    package var physics: Physics
    package var accuracy: Accuracy
    package var inputs: [Manifest.Input]
    package var samples: Int
    package var strata: [Stratum]
    package var parts: [PartCount]
    package var selections: [Selection]
    /// SHA-256 of all samples' ids, ranks, bounds and labels.
    package var digest: Digest
    package var largestErrorBound: Double
    /// nil for the base.
    package var descent: Descent?
    package var codec: any ShardCodec
    /// zstd's level, which only shards that are not of the standard codec must remember.
    package var compressionLevel: Int?
    package var samplesPerShard: Int
    /// Where every sample lies; nil in datasets of earlier releases.
    package var locations: Companion?
    /// A version's choices.
    package var choices: Companion?
    /// Of the training samples; nil where there are none, or where no label could be read for it,
    /// and in datasets of earlier releases.
    package var statistics: SampleStatistics?
    /// What the pipeline says of the dataset.
    package var about: DatasetAbout
    package var shards: [Shard]

    package init(
        physics: Physics, accuracy: Accuracy, inputs: [Manifest.Input], samples: Int,
        strata: [Stratum], parts: [PartCount], selections: [Selection], digest: Digest,
        largestErrorBound: Double, descent: Descent? = nil, codec: any ShardCodec,
        compressionLevel: Int?, samplesPerShard: Int, locations: Companion? = nil,
        choices: Companion? = nil, statistics: SampleStatistics? = nil,
        about: DatasetAbout = DatasetAbout(), shards: [Shard] = []
    ) {
        self.physics = physics
        self.accuracy = accuracy
        self.inputs = inputs
        self.samples = samples
        self.strata = strata
        self.parts = parts
        self.selections = selections
        self.digest = digest
        self.largestErrorBound = largestErrorBound
        self.descent = descent
        self.codec = codec
        self.compressionLevel = compressionLevel
        self.samplesPerShard = samplesPerShard
        self.locations = locations
        self.choices = choices
        self.statistics = statistics
        self.about = about
        self.shards = shards
    }

    /// The id of the version that this one was made from; nil for the base.
    package var parent: Digest? { descent?.parent }

    /// The name of the manifest of a version other than the base.
    package static func fileName(of id: Digest) -> String { "version-\(id.short).json" }

    /// Where it is, relative to its dataset.
    package var packPath: String {
        "\(Stage.pack.rawValue)/\(parent == nil ? Manifest.fileName : PackManifest.fileName(of: id))"
    }

    /// Bytes of the shards.
    package var bytes: Int { shards.reduce(0) { $0 + $1.file.bytes } }

    /// The files beside the shards that it names.
    package var companions: [Companion] { [locations, choices].compactMap(\.self) }

    /// zstd's level of the chunks, as far as the manifest says.
    package var level: Int { compressionLevel ?? Zstd.defaultLevel }
}

extension PackManifest {
    package var count: Int { samples }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        let own = try manifest.parameters(
            ["physics", "tolerance", "grid_bits"], optional: ["method"], path: path)
        physics = try own.value("physics") { try Physics(json: $0) }
        accuracy = try Accuracy(members: own)
        inputs = manifest.inputs
        let versions = ["parent", "choices", "round"]
        let isVersion = manifest.content["parent"] != nil
        let content = try manifest.content(
            [
                "samples", "strata", "parts", "selections", "digest", "largest_error_bound",
            ] + (isVersion ? versions : []), path: path)
        samples = try content.count("samples")
        strata = try content.list("strata", Stratum.init)
        parts = try content.list("parts", PartCount.init)
        selections = try content.list("selections", Selection.reading)
        digest = try content.digest("digest")
        largestErrorBound = try content.size("largest_error_bound")
        if isVersion {
            descent = Descent(
                parent: try content.digest("parent"), choices: try content.digest("choices"),
                round: try VersionRound(
                    try content.json("round"), "'round' of the content of \(path)"))
        }
        let layout = try manifest.layout(
            ["codec", "samples_per_shard"],
            optional: ["compression_level", "locations", "choices", "statistics", "about"],
            path: path)
        let name = try layout.string("codec")
        guard let codec = ShardCodecs.named(name) else {
            throw DatasetError(.data, "\(path): \(ShardCodecs.unknown(name))", member: "codec")
        }
        self.codec = codec
        samplesPerShard = try layout.count("samples_per_shard", in: 1...1 << 53)
        compressionLevel =
            layout.has("compression_level")
            ? try layout.count("compression_level", in: 1...19) : nil
        locations = try PackManifest.companion("locations", of: layout)
        choices = try PackManifest.companion("choices", of: layout)
        about =
            try layout.optional("about").map { json throws(DatasetError) in
                try DatasetAbout(json, "'about' of the \(layout.context)")
            } ?? DatasetAbout()
        statistics = try SampleStatistics(optional: layout)
        try statistics?.check(physics, path: path)
        shards = try manifest.files(with: ["part", "ranks", "digest"], path: path) {
            (file, members) throws(DatasetError) in
            Shard(
                file: file, part: try members.choice("part"),
                ranks: try members.get("ranks", "two ascending integers") { json in
                    guard let ends = json.array, ends.count == 2, let first = ends[0].int,
                        let end = ends[1].int, 0 <= first, first <= end
                    else { return nil }
                    return first..<end
                }, digest: try members.digest("digest"))
        }
    }

    private static func companion(_ key: String, of layout: ManifestMembers)
        throws(DatasetError) -> Companion?
    {
        guard let json = layout.optional(key) else { return nil }
        return try Companion(
            try ManifestMembers(
                json, of: "'\(key)' of the \(layout.context)",
                required: ["path", "bytes", "sha256"]))
    }

    package var manifest: Manifest {
        var parameters = accuracy.members
        parameters["physics"] = physics.json
        var content: [String: JSON] = [
            "samples": .integer(samples), "strata": strata.json,
            "parts": .array(parts.map(\.json)), "selections": .array(selections.map(\.json)),
            "digest": .string(digest.description),
            "largest_error_bound": .number(largestErrorBound),
        ]
        if let descent {
            content["parent"] = .string(descent.parent.description)
            content["choices"] = .string(descent.choices.description)
            content["round"] = descent.round.json
        }
        var layout: [String: JSON] = [
            "codec": .string(codec.name), "samples_per_shard": .integer(samplesPerShard),
        ]
        layout["compression_level"] = compressionLevel.map(JSON.integer)
        layout["locations"] = locations?.json
        layout["choices"] = choices?.json
        layout["statistics"] = statistics?.json
        layout["about"] = about.json
        return Manifest(
            stage: Self.stage.rawValue, parameters: .object(parameters), inputs: inputs,
            content: .object(content), layout: .object(layout),
            files: shards.map {
                $0.file.adding([
                    "part": .string($0.part.rawValue), "digest": .string($0.digest.description),
                    "ranks": .array([
                        .integer($0.ranks.lowerBound), .integer($0.ranks.upperBound),
                    ]),
                ])
            })
    }
}

extension PackManifest: Hashable {
    /// Whether both say the same: their documents are equal.
    package static func == (a: PackManifest, b: PackManifest) -> Bool { a.manifest == b.manifest }

    package func hash(into hasher: inout Hasher) { hasher.combine(manifest) }
}
