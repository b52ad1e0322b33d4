internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// Some samples with their fields, as a network takes them.
struct SampleBatch: Sendable {
    /// Their ids.
    var ids: [SampleID] = []
    /// Their numbers in the source.
    var numbers: [Int] = []
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
    var source: any TrainingSource
    /// Numbers in a batch; the last of an epoch may have fewer. One that has no sample is left out.
    let size: Int
    /// The transform of labels.
    var transform = LabelTransform.none
    /// The noise on labels.
    var noise = LabelNoise(sigma: 0, seed: 0)
    /// The seed of the order of samples that are repeated; nil for the samples as they come.
    var seed: UInt32?
    /// Whether stored steady states are wanted beside the labels.
    var keepingFields = false
    /// Where fields are kept for later epochs; nil where there are none.
    var cache: SampleCache?

    /// Bytes of batches that may wait to be taken.
    private static let memory = 256 << 20

    /// Batches in an epoch.
    var batches: Int { (source.count + size - 1) / size }

    /// The batches of `epochs`, one epoch after another.
    func read(epochs: Range<Int>, threads: Int) -> Prefetch<SampleBatch> {
        let bytes = size * source.lattice.count * 4 * (keepingFields ? 3 : 2)
        let ahead = max(1, min(4, BatchReader.memory / max(1, bytes)))
        let batches = batches
        let (reader, first) = (self, epochs.lowerBound)
        return Prefetch(count: epochs.count * batches, threads: min(threads, ahead), ahead: ahead) {
            let samples = try reader.source.makeReader()
            return { try reader.batch($0 % batches, epoch: first + $0 / batches, from: samples) }
        }
    }

    /// Reads one batch of an epoch, both counted from 0.
    private func batch(_ number: Int, epoch: Int, from samples: any TrainingReader) throws
        -> SampleBatch
    {
        let numbers = numbers(
            at: number * size..<min(source.count, (number + 1) * size), epoch: epoch)
        let sites = source.lattice.count
        var batch = SampleBatch()
        batch.x.reserveCapacity(numbers.count * sites)
        batch.labels.reserveCapacity(numbers.count * sites)
        for number in numbers {
            try Interruption.check()
            guard
                let fields = try cache.map({ try $0.fields(number) { try read(number, samples) } })
                    ?? read(number, samples)
            else { continue }
            batch.ids.append(fields.id)
            batch.numbers.append(number)
            batch.x += fields.x
            batch.y += fields.y
            batch.labels += fields.label
            let range = batch.labels.count - sites..<batch.labels.count
            noise.add(to: &batch.labels, in: range, sample: number, epoch: epoch)
        }
        return batch
    }

    /// The numbers of the samples at positions of an epoch.
    private func numbers(at positions: Range<Int>, epoch: Int) -> [Int] {
        guard source.isRepeated else { return positions.map { epoch * source.count + $0 } }
        return seed.map {
            SampleOrder(count: source.count, seed: $0).samples(at: positions, epoch: UInt32(epoch))
        } ?? Array(positions)
    }

    /// Reads the fields of a sample.
    private func read(_ number: Int, _ samples: any TrainingReader) throws -> SampleCache.Fields? {
        guard let (id, x, y) = try samples.sample(number) else { return nil }
        var label = y
        if let site = transform.apply(to: &label, in: label.indices) {
            throw PipelineError(
                .data,
                "the label of sample \(id) is \(y[site]) at site \(site), which the "
                    + "transform \(transform.json.canonicalText) does not take: choose another")
        }
        return SampleCache.Fields(id: id, x: x, y: keepingFields ? y : [], label: label)
    }

    /// The same reader, keeping what it reads, where that comes again.
    func caching() -> BatchReader {
        guard source.isRepeated else { return self }
        var reader = self
        reader.cache = SampleCache(
            samples: source.count, bytes: source.lattice.count * 4 * (keepingFields ? 3 : 2))
        return reader
    }
}
