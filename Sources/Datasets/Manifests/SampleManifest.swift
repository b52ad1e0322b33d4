package import Documents
package import Fields
package import Sampling
package import Shards

/// What the sample stage lists.
package struct SampleManifest: StageManifest {
    /// Where the configurations come from.
    package enum Origin: Hashable, Sendable {
        case drawn(Design)
        /// A file of the user's, under this physics.
        case imported(Physics)

        package var physics: Physics {
            switch self {
            case .drawn(let design): design.physics
            case .imported(let physics): physics
            }
        }

        /// The manifest's parameters.
        package var parameters: JSON {
            switch self {
            case .drawn(let design): .object(["design": design.json])
            case .imported(let physics): .object(["import": .object(["physics": physics.json])])
            }
        }
    }

    /// A file of configurations.
    package struct Part: Hashable, Sendable {
        package var file: Manifest.File
        /// The position of its first sample.
        package var first: Int
        /// SHA-256 of the ids, as little-endian words.
        package var ids: Digest

        package init(file: Manifest.File, first: Int, ids: Digest) {
            (self.file, self.first, self.ids) = (file, first, ids)
        }
    }

    package static let stage = Stage.sample

    package var origin: Origin
    package var samples: Int
    package var strata: [Stratum]
    /// SHA-256 of all ids.
    package var digest: Digest
    /// Samples that are the same problem as an earlier one.
    package var copies: [SampleCopy]
    package var cut: PartCut
    package var parts: [Part]

    package init(
        origin: Origin, samples: Int, strata: [Stratum], digest: Digest, copies: [SampleCopy],
        cut: PartCut, parts: [Part]
    ) {
        self.origin = origin
        self.samples = samples
        self.strata = strata
        self.digest = digest
        self.copies = copies
        self.cut = cut
        self.parts = parts
    }

    package var count: Int { samples }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        if manifest.parameters["design"] != nil {
            origin = .drawn(
                try manifest.parameters(["design"], path: path).value("design") {
                    try Design(json: $0)
                })
        } else {
            let own = try ManifestMembers(
                try manifest.parameters(["import"], path: path).json("import"),
                of: "'import' of the parameters of \(path)", required: ["physics"])
            origin = .imported(try own.value("physics") { try Physics(json: $0) })
        }
        let content = try manifest.content(
            ["samples", "strata", "digest"], optional: ["copies"], path: path)
        samples = try content.count("samples", in: 1...1 << 53)
        strata = try content.list("strata", Stratum.init)
        digest = try content.digest("digest")
        copies = content.has("copies") ? try content.list("copies", SampleCopy.init) : []
        cut = try PartCut(
            try manifest.layout(
                ["samples_per_part", "test_every", "validation_every"], path: path))
        parts = try manifest.files(with: ["first", "ids"], path: path) {
            (file, members) throws(DatasetError) in
            Part(
                file: file, first: try members.count("first"), ids: try members.digest("ids"))
        }
    }

    package var manifest: Manifest {
        var content: [String: JSON] = [
            "samples": .integer(samples), "strata": strata.json,
            "digest": .string(digest.description),
        ]
        if !copies.isEmpty { content["copies"] = .array(copies.map(\.json)) }
        return Manifest(
            stage: Self.stage.rawValue, parameters: origin.parameters, inputs: [],
            content: .object(content),
            layout: cut.json,
            files: parts.map {
                $0.file.adding([
                    "first": .integer($0.first), "ids": .string($0.ids.description),
                ])
            })
    }
}

extension PartCut {
    /// How a manifest says it.
    package var json: JSON {
        .object([
            "samples_per_part": .integer(size),
            "test_every": split.testEvery.map(JSON.integer) ?? .null,
            "validation_every": split.validationEvery.map(JSON.integer) ?? .null,
        ])
    }

    fileprivate init(_ members: ManifestMembers) throws(DatasetError) {
        do {
            self.init(
                try Split(
                    testEvery: try members.optionalInt("test_every"),
                    validationEvery: try members.optionalInt("validation_every"),
                    subsets: [100]),
                size: try members.count("samples_per_part", in: 1...1 << 53))
        } catch { throw DatasetError(error) }
    }
}
