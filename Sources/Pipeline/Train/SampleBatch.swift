internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// Some samples with their fields, as a network takes them.
struct SampleBatch: Sendable {
    /// The samples.
    var samples: [PackedSamples.Sample] = []
    /// Source images, (samples, rows, columns).
    var x: [Float] = []
    /// Steady states as they are stored, (samples, rows, columns); empty where only labels are
    /// asked for.
    var y: [Float] = []
    /// Transformed labels with their noise, (samples, rows, columns).
    var labels: [Float] = []
}

/// Reads batches ahead, by threads of its own, in the order of training or one after another.
struct BatchReader: Sendable {
    /// Where samples are.
    let store: PackedSamples
    /// The samples, numbered from 0 in this order.
    let samples: [PackedSamples.Sample]
    /// Samples in a batch; the last of an epoch may have fewer.
    let size: Int
    /// The transform of labels.
    var transform = LabelTransform.none
    /// The noise on labels.
    var noise = LabelNoise(sigma: 0, seed: 0)
    /// The seed of the order; nil for the samples as they come.
    var seed: UInt32?
    /// Whether stored steady states are wanted beside the labels.
    var keepingFields = false
    /// Where fields are kept for later epochs; nil where there are none.
    var cache: SampleCache?

    /// Bytes of batches that may wait to be taken.
    private static let memory = 256 << 20

    /// Batches in an epoch.
    var batches: Int { (samples.count + size - 1) / size }

    /// The batches of `epochs`, one epoch after another.
    func read(epochs: Range<Int>, threads: Int) -> Prefetch<SampleBatch> {
        let bytes = size * store.physics.lattice.count * 4 * (keepingFields ? 3 : 2)
        let ahead = max(1, min(4, BatchReader.memory / max(1, bytes)))
        let batches = batches
        let (reader, lattice, first) = (self, store.physics.lattice, epochs.lowerBound)
        return Prefetch(count: epochs.count * batches, threads: min(threads, ahead), ahead: ahead) {
            let decoder = try SampleDecoder(lattice: lattice)
            return { try reader.batch($0 % batches, epoch: first + $0 / batches, with: decoder) }
        }
    }

    /// Reads one batch of an epoch, both counted from 0.
    private func batch(_ number: Int, epoch: Int, with decoder: SampleDecoder) throws -> SampleBatch
    {
        let positions = number * size..<min(samples.count, (number + 1) * size)
        let numbers =
            seed.map {
                SampleOrder(count: samples.count, seed: $0).samples(
                    at: positions, epoch: UInt32(epoch))
            } ?? Array(positions)
        let sites = store.physics.lattice.count
        var batch = SampleBatch()
        batch.x.reserveCapacity(numbers.count * sites)
        batch.labels.reserveCapacity(numbers.count * sites)
        for number in numbers {
            try Interruption.check()
            let fields =
                try cache?.fields(number) { try read(number, decoder) } ?? read(number, decoder)
            batch.samples.append(samples[number])
            batch.x += fields.x
            batch.y += fields.y
            batch.labels += fields.label
            let range = batch.labels.count - sites..<batch.labels.count
            noise.add(to: &batch.labels, in: range, sample: number, epoch: epoch)
        }
        return batch
    }

    /// Reads the fields of a sample.
    private func read(_ number: Int, _ decoder: SampleDecoder) throws -> SampleCache.Fields {
        let sample = samples[number]
        let reader = try store.reader(of: sample)
        let x = try reader.x(at: Int(sample.row), with: decoder)
        let y = try reader.y(at: Int(sample.row), with: decoder)
        var label = y
        if let site = transform.apply(to: &label, in: label.indices) {
            throw PipelineError(
                .data,
                "the label of sample \(sample.id) is \(y[site]) at site \(site), which the "
                    + "transform \(transform.json.canonicalText) does not take: choose another")
        }
        return SampleCache.Fields(x: x, y: keepingFields ? y : [], label: label)
    }

    /// The same reader, keeping what it reads.
    func caching() -> BatchReader {
        var reader = self
        reader.cache = SampleCache(
            samples: samples.count, bytes: store.physics.lattice.count * 4 * (keepingFields ? 3 : 2)
        )
        return reader
    }
}
