internal import Datasets
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards
internal import Solving

/// Samples that predictions are judged on, in an order of their own. Safe for any number of
/// threads.
protocol EvaluatedSamples: Sendable {
    /// The equation, and the lattice of the fields; random coefficients may be without a key.
    var physics: Physics { get }
    /// How many there are.
    var count: Int { get }
    /// Where they come from, for messages.
    var name: String { get }
    /// What to call all of them, for messages: "the selection", "the configurations".
    var title: String { get }
    /// The ids in order.
    func ids() throws -> [SampleID]
    /// Ids that predictions may be of without being asked for; nil where there are none.
    func furtherIDs() -> Set<SampleID>?
    /// What reads sample after sample, for one thread.
    func makeReader(_ contents: EvaluatedContents) throws -> (Int) throws -> EvaluatedFields
}

/// What is wanted of a sample beside its image.
enum EvaluatedContents: Sendable {
    /// The label that is stored with it.
    case label
    /// Its configuration.
    case configuration
}

/// A sample with what was asked for.
struct EvaluatedFields: Sendable {
    let sample: EvaluatedSample
    /// The source image, (rows, columns).
    let x: [Float]
    /// The label, (rows, columns); empty where none was asked for.
    var label: [Float] = []
    /// The configuration where it was asked for.
    var configuration: Configuration?
}

/// Samples of shards: those that an expression of selections names.
struct PackedEvaluatedSamples: EvaluatedSamples {
    let store: PackedSamples
    let samples: [PackedSamples.Sample]
    let name: String
    let title = "the selection"

    init(_ data: Dataset, selection: String) throws {
        store = try PackedSamples(try data.manifest(PackManifest.self), in: data.folder(.pack))
        samples = try store.select(selection)
        name = "the dataset \(data.root)"
    }

    var physics: Physics { store.physics }
    var count: Int { samples.count }
    func ids() -> [SampleID] { samples.map(\.id) }
    func furtherIDs() -> Set<SampleID>? { Set(store.samples.map(\.id)) }

    func makeReader(_ contents: EvaluatedContents) throws -> (Int) throws -> EvaluatedFields {
        let decoder = try SampleDecoder(lattice: physics.lattice)
        return { number in
            let sample = samples[number]
            let reader = try store.reader(of: sample)
            let row = Int(sample.row)
            var fields = EvaluatedFields(
                sample: EvaluatedSample(
                    id: sample.id, sources: Int(sample.sources), place: (sample.part, sample.rank)),
                x: try reader.x(at: row, with: decoder))
            switch contents {
            case .label: fields.label = try reader.y(at: row, with: decoder)
            case .configuration:
                fields.configuration = try reader.configuration(at: row, under: physics)
            }
            return fields
        }
    }
}
