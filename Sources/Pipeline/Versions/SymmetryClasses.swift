internal import Fields
internal import Sampling
internal import Shards

/// The held-out samples of a dataset by the least id of their symmetric copies: what must never come into training, in any of
/// its eight orientations.
struct SymmetryClasses {
    private var members: [SampleID: SampleID] = [:]

    /// Reads the configurations of the test and validation samples; those with one of `sources` sources, where it is given.
    ///
    /// O(samples): eight ids of each are computed.
    init(heldOutOf store: PackedSamples, sources: Set<Int>? = nil, threads: Int) throws {
        let samples = store.samples.filter {
            $0.part != .train && (sources?.contains(Int($0.sources)) ?? true)
        }
        var members: [SampleID: SampleID] = [:]
        members.reserveCapacity(samples.count)
        let physics = store.physics
        try OrderedWork.run(count: samples.count, threads: threads) {
            { number in
                try Interruption.check()
                let sample = samples[number]
                return try store.reader(of: sample).configuration(at: Int(sample.row), under: physics).symmetryClass
            }
        } consume: {
            members[$1] = samples[$0].id
        }
        self.members = members
    }

    /// The held-out sample that `configuration` is a symmetric copy of, or nil.
    func sample(like configuration: Configuration) -> SampleID? {
        members.isEmpty ? nil : members[configuration.symmetryClass]
    }
}
