package import Datasets
internal import Fields
internal import Foundation
internal import Parallel
package import Pipeline
package import Shards
internal import Solving

/// Writes compressed samples to part files, digests and reads them, with a clock at each; leaves no
/// file.
package struct PartFileTimer {
    /// For one sample: on one thread alone, and on each thread while all work.
    package struct Times {
        package let one: Elapsed
        package let all: Elapsed?
    }

    private let samples: [EncodedSample]
    private let physics: Physics
    private let accuracy: Accuracy
    private let level: Int
    private let maximumSources: Int
    private let folder: String

    /// Prepares.
    ///
    /// - Parameter folder: An existing folder, in which another is made and removed.
    package init(
        _ samples: [EncodedSample], _ origin: ConfigurationOrigin, _ pipeline: PipelineFile,
        in folder: String
    ) throws {
        guard InputFile.isFolder(folder) == true else {
            throw PipelineError(
                .cannotCreate,
                "\(folder): there is no such folder to write to: create it first")
        }
        self.samples = samples
        physics = origin.physics
        accuracy = pipeline.accuracy
        level = pipeline.compressionLevel
        maximumSources = samples.map(\.sources.count).max() ?? 1
        self.folder = "\(folder)/steadyset-bench-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Measures writing, digesting and reading; the medians of `repeats` rounds.
    package func measure(threads: Int, repeats: Int) throws -> [BenchmarkRates.Work: Times] {
        try Dataset.createFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var rounds: [(one: Round, all: Round)] = []
        for _ in 0..<max(1, repeats) {
            let one = try round(threads: 1)
            rounds.append((one, threads == 1 ? one : try round(threads: threads)))
        }
        func times(_ piece: (Round) -> Elapsed, parallel: Bool = true) -> Times {
            Times(
                one: .median(rounds.map { piece($0.one) }),
                all: parallel ? .median(rounds.map { piece($0.all) }) : nil)
        }
        return [
            .write: times(\.write), .digest: times(\.digest, parallel: false), .read: times(\.read),
        ]
    }

    /// For one sample.
    private struct Round {
        var write = Elapsed.zero
        var digest = Elapsed.zero
        var read = Elapsed.zero
    }

    /// Writes one file a thread, all samples together, then digests and reads them.
    private func round(threads: Int) throws -> Round {
        var round = Round()
        let shares = (0..<threads).map { thread in
            stride(from: thread, to: samples.count, by: threads).map { samples[$0] }
        }
        let paths = (0..<threads).map { "\(folder)/part-\($0).h5" }
        defer { paths.forEach(AtomicFile.remove) }
        try OrderedWork.run(count: threads, threads: threads) {
            { thread in try Elapsed.measuring { try write(shares[thread], to: paths[thread]) }.0 }
        } consume: {
            round.write = round.write + $1
        }
        for path in paths {
            round.digest = round.digest + (try Elapsed.measuring { _ = try FileDigest(of: path) }.0)
        }
        try OrderedWork.run(count: threads, threads: threads) {
            let decoder = try SampleDecoder(lattice: physics.lattice)
            return { thread in try Elapsed.measuring { try read(paths[thread], decoder) }.0 }
        } consume: {
            round.read = round.read + $1
        }
        round.write = round.write / samples.count
        round.digest = round.digest / samples.count
        round.read = round.read / samples.count
        return round
    }

    /// As the solve stage writes a part: appended, synchronised, renamed.
    private func write(_ samples: [EncodedSample], to path: String) throws {
        let writer = try ShardWriter(
            path: AtomicFile.temporary(for: path), lattice: physics.lattice,
            capacity: samples.count, maximumSources: maximumSources, kind: .part,
            coefficients: ShardCoefficient.drawn(under: physics),
            fixed: try ShardCoefficient.fixedValues(under: physics),
            attributes: ShardAttribute.describing(physics, accuracy), level: level)
        for sample in samples {
            try Interruption.check()
            try writer.append(sample)
        }
        try writer.finish()
        try AtomicFile.commit(temporary: writer.path, as: path)
    }

    /// Opens the file and expands every sample, in an order that is not the file's.
    private func read(_ path: String, _ decoder: SampleDecoder) throws {
        let reader = try ShardReader(path: path)
        var x = [Float](repeating: 0, count: physics.lattice.count)
        var y = x
        for position in BenchmarkRates.shuffled(Array(0..<reader.count)) {
            try Interruption.check()
            try reader.read(at: position, x: &x, y: &y, with: decoder)
        }
    }
}
