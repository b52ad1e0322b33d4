internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Pipeline
internal import Sampling
internal import Shards

/// How fast x and y of a dataset's samples are read in random order on one thread.
public struct ReadingBenchmark {
    /// Samples in an epoch.
    public let samples: Int
    /// Samples a second of each epoch after the first, by the clock on the wall.
    public let rates: [Double]
    /// Samples per second of CPU of each of these epochs, which other work on the machine disturbs
    /// less.
    public let ratesOfCPU: [Double]

    /// Reads every sample of the dataset at `path` once an epoch, in another order each time; a
    /// first epoch, which is not counted, brings the files into the system's cache.
    public init(path: String, epochs: Int) throws {
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.pack) else {
            throw PipelineError(.noInput, "\(path): has no pack stage")
        }
        Interruption.listen()
        let manifest = try dataset.manifest(.pack)
        let readers = try manifest.files.map { file in
            try ShardReader(path: try SafePath.resolve(file.path, in: dataset.folder(.pack)))
        }
        guard let lattice = readers.first?.lattice else {
            throw PipelineError(.data, "\(path): holds no samples")
        }
        let decoder = try SampleDecoder(lattice: lattice)
        var places = readers.indices.flatMap { file in (0..<readers[file].count).map { (file, $0) }
        }
        samples = places.count
        var x = [Float](repeating: 0, count: lattice.count)
        var y = x
        var epochsMeasured: [Elapsed] = []
        for epoch in 0...epochs {
            places = BenchmarkRates.shuffled(places)
            let (elapsed, _) = try Elapsed.measuring {
                for (file, row) in places {
                    try Interruption.check()
                    try readers[file].read(at: row, x: &x, y: &y, with: decoder)
                }
            }
            if epoch > 0 { epochsMeasured.append(elapsed / places.count) }
        }
        rates = epochsMeasured.map { 1000 / $0.wall }
        ratesOfCPU = epochsMeasured.map { 1000 / $0.cpu }
    }

    /// The median rates and those of all epochs, as JSON.
    public var text: String {
        JSON.object([
            "samples": .integer(samples), "samples_per_second": .number(Elapsed.median(rates)),
            "samples_per_cpu_second": .number(Elapsed.median(ratesOfCPU)),
            "epochs": .array(rates.map(JSON.number)),
            "epochs_cpu": .array(ratesOfCPU.map(JSON.number)),
        ]).canonicalText + "\n"
    }
}
