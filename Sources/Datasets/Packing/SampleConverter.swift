internal import Fields
package import Shards
internal import Solving

/// Makes samples of a shard's form from samples of any codec; one thread owns it.
///
/// Labels are decoded, those that no shard holds solved again. Every y that is touched is compared
/// with its digest.
package final class SampleConverter {
    private let form: ShardFormat
    private let transcoder: SampleTranscoder
    private var solving: LabelSource?

    /// Prepares to make samples of `form`.
    package init(_ form: ShardFormat) throws {
        self.form = form
        transcoder = try SampleTranscoder(
            to: form.codec, content: try form.content(), level: form.level)
    }

    /// Returns `sample` in the form's codec.
    ///
    /// - Throws: `DatasetError` of kind `.data` where something is damaged, or a label solved again
    ///   is another.
    package func converted(_ sample: EncodedSample) throws -> EncodedSample {
        if sample.label == nil, form.codec.labels != nil { return try solved(sample) }
        do throws(ShardsError) { return try transcoder.transcoded(sample) } catch {
            throw DatasetError(ShardsError(error.code, "sample \(sample.id): \(error.message)"))
        }
    }

    /// The sample of a recipe with its fields.
    private func solved(_ sample: EncodedSample) throws -> EncodedSample {
        let physics = form.physics
        let source = try solving ?? LabelSource(form)
        solving = source
        let configuration = try Configuration(
            physics: try physics.realised(keys: sample.keys), sources: sample.sources)
        guard configuration.id == sample.id else {
            throw DatasetError(
                .data, "sample \(sample.id): its id is not that of its sources",
                sample: sample.id)
        }
        let image = SourceImage(configuration)
        let solution = source.solver.solve(
            image, physics: configuration.physics, into: &source.label)
        var found = try source.encoder.encode(
            configuration, under: physics, image: image, label: source.label, id: sample.id,
            index: sample.index, errorBound: solution.errorBound, by: source.solver)
        guard found.ySHA256 == sample.ySHA256, found.errorBound == sample.errorBound,
            found.contrast == sample.contrast
        else {
            throw DatasetError(
                .data,
                "sample \(sample.id): solved again it differs from its digest; the Steadyset that "
                    + "packed it may be another one", sample: sample.id)
        }
        found.rank = sample.rank
        return found
    }
}

/// What solves the samples of recipes.
private final class LabelSource {
    let solver: Solver
    let encoder: SampleEncoder
    var label: [Float]

    init(_ form: ShardFormat) throws {
        solver = Solver(physics: form.physics, accuracy: form.accuracy)
        encoder = try form.encoder()
        label = [Float](repeating: 0, count: form.physics.lattice.count)
    }
}
