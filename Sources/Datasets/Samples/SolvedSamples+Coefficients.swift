package import Fields
package import Shards
package import Solving

extension SampleEncoder {
    /// Returns the sample of a solved configuration with all that a shard under `physics` stores of
    /// it; `physics` is the dataset's, which may have open keys. `solver` has solved it. `meters`
    /// are told the sample's fields.
    package func encode(
        _ configuration: Configuration, under physics: Physics, image: SourceImage, label: [Float],
        id: SampleID, index: UInt64, errorBound: Double, by solver: Solver,
        telling meters: SampleMeters? = nil
    ) throws -> EncodedSample {
        let drawn = ShardCoefficient.drawn(under: physics)
        let medium = drawn.isEmpty ? nil : solver.medium(of: configuration.physics)
        let coefficients = medium.map { medium in drawn.map { $0.values(medium) } } ?? []
        meters?.add(image, label, coefficients)
        return try encode(
            x: image.dense(on: physics.lattice), y: label, id: id, sources: configuration.sources,
            keys: physics.keys(of: configuration.physics), index: index, errorBound: errorBound,
            contrast: ShardCoefficient.hasContrast(under: physics) ? medium?.contrast : nil,
            coefficients: coefficients)
    }
}

extension ShardReader {
    /// The configuration of sample `position`, whose dataset has `physics`.
    package func configuration(at position: Int, under physics: Physics) throws -> Configuration {
        try Configuration(
            physics: try physics.realised(keys: keys(at: position)),
            sources: try sources(at: position))
    }
}

extension ShardCoefficient {
    /// The coefficients that are the same for all samples under `physics` and not constant, with
    /// their values.
    package static func fixedValues(under physics: Physics) throws -> [(
        dataset: Dataset, values: [Float]
    )] {
        let datasets = fixed(under: physics)
        guard !datasets.isEmpty else { return [] }
        // Keys that are drawn do not matter to those that are not.
        let medium = try physics.realised(keys: Array(repeating: 0, count: physics.openKeys))
            .medium()
        return datasets.map { ($0, $0.values(medium)) }
    }
}
