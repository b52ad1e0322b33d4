internal import Documents
package import Fields
package import Shards
package import Solving

/// What the solve stage computed.
package struct SolveManifest: StageManifest {
    /// A file of labels.
    package struct Part: Hashable, Sendable {
        package var file: Manifest.File
        /// The position of the first sample of the part.
        package var first: Int

        package init(file: Manifest.File, first: Int) { (self.file, self.first) = (file, first) }
    }

    package static let stage = Stage.solve

    package var accuracy: Accuracy
    package var inputs: [Manifest.Input]
    /// Samples with a label.
    package var samples: Int
    package var strata: [Stratum]
    /// SHA-256 of the samples' ids, bounds and labels.
    package var digest: Digest
    package var largestErrorBound: Double
    /// Samples whose label could not be certified.
    package var leftOut: [UncertifiedSample]
    package var samplesPerPart: Int
    /// zstd's level of the chunks.
    package var compressionLevel: Int
    package var parts: [Part]
    /// Of the training samples, by the cut of the parts; nil where there are none, and of earlier
    /// releases.
    package var statistics: SampleStatistics?

    package init(
        accuracy: Accuracy, inputs: [Manifest.Input], samples: Int, strata: [Stratum],
        digest: Digest, largestErrorBound: Double, leftOut: [UncertifiedSample],
        samplesPerPart: Int, compressionLevel: Int, parts: [Part],
        statistics: SampleStatistics? = nil
    ) {
        self.accuracy = accuracy
        self.inputs = inputs
        self.samples = samples
        self.strata = strata
        self.digest = digest
        self.largestErrorBound = largestErrorBound
        self.leftOut = leftOut
        self.samplesPerPart = samplesPerPart
        self.compressionLevel = compressionLevel
        self.parts = parts
        self.statistics = statistics
    }

    package var count: Int { samples }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        accuracy = try Accuracy(
            manifest.parameters, "parameters of \(path)")
        inputs = manifest.inputs
        let content = try manifest.content(
            ["samples", "strata", "digest", "largest_error_bound", "left_out"], path: path)
        samples = try content.count("samples")
        strata = try content.list("strata", Stratum.init)
        digest = try content.digest("digest")
        largestErrorBound = try content.size("largest_error_bound")
        leftOut = try content.list("left_out", UncertifiedSample.init)
        let layout = try manifest.layout(
            ["samples_per_part", "compression_level"], optional: ["statistics"], path: path)
        samplesPerPart = try layout.count("samples_per_part", in: 1...1 << 53)
        compressionLevel = try layout.count("compression_level", in: 1...19)
        parts = try manifest.files(with: ["first"], path: path) {
            (file, members) throws(DatasetError) in
            Part(file: file, first: try members.count("first"))
        }
        statistics = try SampleStatistics(optional: layout)
    }

    package var manifest: Manifest {
        var layout: [String: JSON] = [
            "samples_per_part": .integer(samplesPerPart),
            "compression_level": .integer(compressionLevel),
        ]
        layout["statistics"] = statistics?.json
        return Manifest(
            stage: Self.stage.rawValue, parameters: accuracy.json, inputs: inputs,
            content: .object([
                "samples": .integer(samples), "strata": strata.json,
                "digest": .string(digest.description),
                "largest_error_bound": .number(largestErrorBound),
                "left_out": .array(leftOut.map(\.json)),
            ]),
            layout: .object(layout),
            files: parts.map { $0.file.adding(["first": .integer($0.first)]) })
    }
}
