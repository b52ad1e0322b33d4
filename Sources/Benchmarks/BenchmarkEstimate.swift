package import Datasets
package import Documents
internal import Fields
internal import Pipeline

/// How long a pipeline takes on this machine, and how much disk, from the rates of its pieces.
package struct BenchmarkEstimate {
    /// Samples of the whole pipeline.
    package let samples: Int
    /// Seconds of each stage that takes any to speak of.
    package private(set) var seconds: [(stage: Stage, seconds: Double)]
    /// Bytes of the part files of the solve stage.
    package let parts: Double
    /// Bytes of the shards of the pack stage, which hold the same compressed fields.
    package let shards: Double
    /// Whether the shards are the parts, so that both are on the disk once.
    package let partsAreShards: Bool

    package var totalSeconds: Double { seconds.reduce(0) { $0 + $1.seconds } }
    package var totalBytes: Double { partsAreShards ? shards : parts + shards }

    /// Estimates for `samples` samples; nil where files were not measured.
    ///
    /// The solve stage makes samples on all threads, then writes them on one. The pack stage takes
    /// parts over in next to no time where they are its shards. Otherwise it carries their
    /// compressed fields over on one thread: it digests the part and writes the shard. Writing is
    /// with the digest of what was written. Training is the steps alone: reading goes on beside
    /// them.
    package init?(
        _ rates: BenchmarkRates, training: BenchmarkTraining?, samples: Int, partsAreShards: Bool
    ) {
        guard let bytes = rates.bytesPerSample, let sample = rates.rates[.sample]?.onAllThreads,
            let chain = rates.chain.onAllThreads, let write = rates.rates[.write]?.onOneThread,
            let digest = rates.rates[.digest]?.onOneThread
        else { return nil }
        let count = Double(samples)
        self.samples = samples
        self.partsAreShards = partsAreShards
        seconds = [
            (.sample, count / sample), (.solve, count / chain + count / write),
            (.pack, partsAreShards ? 0 : count / write + count / digest),
        ]
        if let training, let samples = training.samples {
            seconds.append((.train, Double(samples) / BenchmarkTraining.rate(training.all)))
        }
        parts = count * bytes
        shards = count * bytes
    }

    /// The members that `schemas/bench` describes.
    package var json: JSON {
        .object([
            "samples": .integer(samples), "seconds": .number(totalSeconds),
            "stages": .object(
                .init(
                    uniqueKeysWithValues: seconds.map { ($0.stage.rawValue, .number($0.seconds)) }
                )),
            "bytes": .number(totalBytes.rounded()), "bytes_parts": .number(parts.rounded()),
            "bytes_shards": .number(shards.rounded()),
        ])
    }

    /// The lines for a person.
    package var text: String {
        let stages = seconds.map { "\($0.stage.rawValue) \(Words.duration($0.seconds))" }.joined(
            separator: ", ")
        let files =
            partsAreShards
            ? "of parts (solve/), which are the shards (pack/) too"
            : "of parts (solve/) and \(Words.bytes(Int(shards))) of shards (pack/), "
                + "\(Words.bytes(Int(totalBytes))) in all"
        return """
            the whole pipeline, \(samples) samples: about \(Words.duration(totalSeconds)) \
            (\(stages))
            disk: \(Words.bytes(Int(parts))) \(files)

            """
    }
}

extension Benchmark {
    /// What the whole pipeline will take; nil where not everything was measured.
    package var estimate: BenchmarkEstimate? {
        rates.flatMap {
            BenchmarkEstimate(
                $0, training: training, samples: origin.counts.reduce(0, +),
                partsAreShards: pipeline.partsAreShards)
        }
    }
}
