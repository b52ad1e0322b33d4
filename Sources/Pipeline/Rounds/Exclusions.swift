internal import Fields
internal import Sampling
internal import Shards

/// What no round may choose: samples that the dataset has, and those of its test and validation parts from whatever side.
struct Exclusions {
    /// Ids of all samples of the dataset.
    let present: Set<SampleID>
    /// What models are judged by.
    let heldOut: SymmetryClasses

    /// Reads the configurations of the parts that models are judged by.
    init(_ store: PackedSamples, threads: Int) throws {
        present = Set(store.samples.map(\.id))
        heldOut = try SymmetryClasses(heldOutOf: store, threads: threads)
    }

    /// Those of `samples`, which the dataset has, that are copies of what is held out.
    func copies(among samples: [PackedSamples.Sample], of store: PackedSamples, threads: Int) throws -> Set<SampleID> {
        var copies: Set<SampleID> = []
        try OrderedWork.run(count: samples.count, threads: threads) { [self] in
            { [self] number in
                let sample = samples[number]
                let reader = try store.reader(of: sample)
                return heldOut.sample(like: try reader.configuration(at: Int(sample.row), under: store.physics)) != nil
            }
        } consume: {
            if $1 { copies.insert(samples[$0].id) }
        }
        return copies
    }

    /// Whether each of `items` may be chosen, in their order.
    func allowed(_ items: [Job.Item], threads: Int) throws -> [Bool] {
        var allowed: [Bool] = []
        allowed.reserveCapacity(items.count)
        try OrderedWork.run(count: items.count, threads: threads) { [self] in
            { [self] number in
                let item = items[number]
                return !present.contains(item.id) && heldOut.sample(like: item.configuration) == nil
            }
        } consume: {
            allowed.append($1)
        }
        return allowed
    }
}
