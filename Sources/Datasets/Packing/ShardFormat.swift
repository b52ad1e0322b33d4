internal import Documents
package import Fields
internal import Parallel
package import Shards
package import Solving

/// What all shards of a dataset have in common: the equation, the accuracy, the codec.
package struct ShardFormat {
    package let physics: Physics
    package let accuracy: Accuracy
    package let maximumSources: Int
    package let codec: any ShardCodec
    /// zstd's level of x, y and coefficients in standard shards; those of other codecs remember it
    /// for `unpack`.
    package let level: Int

    package init(
        physics: Physics, accuracy: Accuracy, maximumSources: Int, codec: any ShardCodec,
        level: Int
    ) {
        self.physics = physics
        self.accuracy = accuracy
        self.maximumSources = maximumSources
        self.codec = codec
        self.level = level
    }

    /// Begins a shard, or a part, of up to `capacity` samples that will be called `path`.
    package func writer(for path: String, capacity: Int, kind: ShardKind = .shard) throws
        -> ShardWriter
    {
        try ShardWriter(
            path: AtomicFile.temporary(for: path), lattice: physics.lattice, capacity: capacity,
            maximumSources: maximumSources, kind: kind, codec: codec,
            coefficients: codec.coefficients(under: physics),
            fixed: codec.labels == nil ? [] : try ShardCoefficient.fixedValues(under: physics),
            attributes: ShardAttribute.describing(physics, accuracy) + levelAttribute, level: level)
    }

    /// What a shard that is not of the standard codec says of those that `unpack` makes of it.
    package var levelAttribute: [(name: String, value: ShardAttribute)] {
        recordedLevel.map { [("compression_level", .integer($0))] } ?? []
    }

    /// The level that a manifest records: that of standard shards is in the solve stage's.
    package var recordedLevel: Int? { codec.isStandard ? nil : level }

    /// What is the same for all samples.
    func content() throws -> ShardContent {
        ShardContent(
            physics: physics, step: accuracy.step,
            fixed: try ShardCoefficient.fixedValues(under: physics))
    }

    /// Returns what makes samples of this form from fields; each thread has its own.
    package func encoder() throws -> SampleEncoder {
        try SampleEncoder(codec: codec, content: try content(), level: level)
    }

    /// Writes where every sample of the shards in `folder` lies, as the file `name`; see
    /// `LocationTable`.
    package func writeLocations(
        of files: [Manifest.File], in folder: String, as name: String = LocationTable.fileName
    ) throws -> Manifest.File {
        let samples = files.reduce(0) { $0 + $1.samples }
        let path = "\(folder)/\(name)"
        let writer = try AtomicFile.Writer(path)
        try writer.append(
            LocationTable.header(
                samples: samples, codec: codec,
                coefficients: codec.coefficients(under: physics)))
        for file in files {
            try Interruption.check()
            let reader = try ShardReader(path: "\(folder)/\(file.path)", followingLinks: false)
            try writer.append(try LocationTable.records(of: reader))
        }
        let digest = try writer.commit()
        return Manifest.File(
            path: name, bytes: digest.bytes, sha256: digest.sha256, samples: samples)
    }
}

extension ShardAttribute {
    /// What a shard file says of its content.
    package static func describing(_ physics: Physics, _ accuracy: Accuracy) -> [(
        name: String, value: ShardAttribute
    )] {
        [
            ("physics", .string(physics.json.canonicalText)),
            ("tolerance", .double(accuracy.tolerance)), ("grid", .double(accuracy.step ?? 0)),
        ] + (accuracy.method == .auto ? [] : [("method", .string(accuracy.method.rawValue))])
    }
}
