package import Datasets
internal import Fields
internal import Foundation
internal import Parallel
package import Pipeline
package import Sampling
internal import Shards

/// Rates of each piece of work over samples from all of a pipeline, on one thread and on all at
/// once.
package struct BenchmarkRates {
    /// A piece of work.
    package enum Work: String, CaseIterable {
        /// Drawing a configuration and rasterising it.
        case sample
        /// Solving and certifying.
        case solve
        /// Compressing x and y.
        case compress
        /// Writing compressed samples to a part file until it is on the disk under its name.
        case write
        /// Digesting a file that was written.
        case digest
        /// Opening a part file and expanding x and y in random order; the file is in the page
        /// cache.
        case read
    }

    /// One piece of work, for one sample.
    package struct Rate {
        /// On one thread alone.
        package let one: Elapsed
        /// On each thread while all work; nil where it is not done in parallel.
        package let all: Elapsed?
        package let threads: Int

        /// Samples per second of one thread.
        package var onOneThread: Double { 1e3 / one.wall }
        /// Samples per second of all threads together.
        package var onAllThreads: Double? { all.map { Double(threads) * 1e3 / $0.wall } }
    }

    /// Samples that were used.
    package let count: Int
    /// What was measured.
    package private(set) var rates: [Work: Rate] = [:]
    /// Drawing, solving and compressing one sample after another, as the stages do; without
    /// compressing where that is not measured.
    package private(set) var chain: Rate
    /// Mean bytes of x and y as they are stored; nil where they were not compressed.
    package private(set) var bytesPerSample: Double?

    /// Measures.
    ///
    /// - Parameters:
    ///   - count: Samples, at least; more on small lattices, so that the clock has something to
    ///     measure, and fewer where their compressed fields might take much memory, but never less
    ///     than two a thread. Where a pipeline has no more than that, all of it as often as fits.
    ///   - repeats: Times that files are written and read; medians count.
    ///   - folder: Where files are written, and removed again; nil to measure drawing and solving
    ///     alone.
    package init(
        _ origin: ConfigurationOrigin, _ pipeline: PipelineFile, count: Int, threads: Int,
        repeats: Int, folder: String?
    ) throws {
        // Compressed fields were never seen to take more than four bytes a site.
        let room = BenchmarkRates.memory / (4 * origin.physics.lattice.count)
        let enough = max(count, min(2048, BenchmarkRates.sites / origin.physics.lattice.count))
        let wanted = max(2 * threads, min(enough, room))
        let whole = origin.counts.reduce(0, +)
        self.count = whole <= wanted ? (wanted / whole) * whole : wanted
        let addresses = BenchmarkRates.spread(self.count, over: origin)
        let one = try BenchmarkRates.make(
            addresses, of: origin, pipeline, threads: 1, compressing: folder != nil)
        let all =
            try threads == 1
            ? one
            : BenchmarkRates.make(
                addresses, of: origin, pipeline, threads: threads, compressing: folder != nil)
        func rate(_ piece: (Pieces) -> Elapsed) -> Rate {
            Rate(
                one: piece(one) / addresses.count, all: piece(all) / addresses.count,
                threads: threads)
        }
        chain = rate { $0.sample + $0.solve + $0.compress }
        rates[.sample] = rate(\.sample)
        rates[.solve] = rate(\.solve)
        guard let folder else { return }
        rates[.compress] = rate(\.compress)
        bytesPerSample =
            Double(
                one.encoded.reduce(0) {
                    $0 + $1.x.count + $1.y.count + $1.coefficients.map(\.count).reduce(0, +)
                }) / Double(max(1, one.encoded.count))
        for (work, times) in try PartFileTimer(one.encoded, origin, pipeline, in: folder).measure(
            threads: threads, repeats: repeats)
        { rates[work] = Rate(one: times.one, all: times.all, threads: threads) }
    }

    /// Bytes of compressed samples that may be held.
    private static let memory = 512 << 20
    /// Sites of all samples together that are enough to measure: 64 samples of 512² sites.
    private static let sites = 1 << 24

    /// Totals over all samples and threads.
    private struct Pieces {
        var sample = Elapsed.zero
        var solve = Elapsed.zero
        var compress = Elapsed.zero
        var encoded: [EncodedSample] = []
    }

    /// Draws, solves and compresses, each thread for itself.
    private static func make(
        _ addresses: [SampleAddress], of origin: ConfigurationOrigin, _ pipeline: PipelineFile,
        threads: Int, compressing: Bool
    ) throws -> Pieces {
        var pieces = Pieces()
        try OrderedWork.run(count: addresses.count, threads: threads) {
            let timer = try SampleTimer(
                origin, accuracy: pipeline.accuracy, level: pipeline.compressionLevel)
            try timer.warmUp(addresses[0], compressing: compressing)
            return { item in
                try timer.measure(
                    addresses[item], repeats: 1, compressing: compressing, decoding: false)
            }
        } consume: { _, measured in
            pieces.sample = pieces.sample + measured.draw + measured.image
            pieces.solve = pieces.solve + measured.solve
            pieces.compress = pieces.compress + (measured.compress ?? .zero)
            if let encoded = measured.encoded { pieces.encoded.append(encoded) }
        }
        return pieces
    }

    /// `count` samples, of each stratum its share, in an order that mixes the strata. A stratum
    /// with fewer samples than its share repeats them.
    package static func spread(_ count: Int, over origin: ConfigurationOrigin) -> [SampleAddress] {
        let total = origin.counts.reduce(0, +)
        var addresses: [SampleAddress] = []
        var stratum = 0
        var before = 0
        var index = 0
        for item in 0..<count {
            // The stratum in which the middle of this item's share lies, all samples laid out by
            // strata.
            let place = Int((Double(item) + 0.5) / Double(count) * Double(total))
            while stratum + 1 < origin.counts.count, place >= before + origin.counts[stratum] {
                before += origin.counts[stratum]
                stratum += 1
                index = 0
            }
            addresses.append(SampleAddress(stratum: stratum, index: index % origin.counts[stratum]))
            index += 1
        }
        return shuffled(addresses)
    }

    /// The elements in an order that is random, and always the same.
    package static func shuffled<Element>(_ elements: [Element]) -> [Element] {
        guard !elements.isEmpty else { return [] }
        let permutation = CentrePermutation(
            count: elements.count, philox: Philox(seed: 0, stream: 3))
        return elements.indices.map { elements[permutation($0)] }
    }
}
