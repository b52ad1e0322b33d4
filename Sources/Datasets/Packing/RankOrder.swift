package import Fields
internal import Parallel
package import Sampling
package import Shards

/// All samples of a solve stage, part by part in rank order, cut into shards.
package struct RankOrder {
    /// A shard to be.
    package struct Shard {
        package let part: Split.Part
        /// The ranks that it is for; not all need exist.
        package let ranks: Range<Int>
        package let samples: [RankedSample]
        package let name: String
    }

    private let parts: [(part: Split.Part, samples: [RankedSample])]

    /// Reads the columns of every part file.
    package init(_ store: SolvedSamples, split: Split, strata: [Int]) throws {
        var parts: [Split.Part: [RankedSample]] = [:]
        for file in store.files.indices {
            try Interruption.check()
            let reader = try store.reader(file)
            for row in 0..<reader.count {
                guard let stratum = strata.firstIndex(of: reader.sourceCounts[row]) else {
                    throw DatasetError(
                        .data,
                        "\(reader.path): sample \(reader.ids[row]) is of no stratum: run "
                            + "'steadyset solve' again")
                }
                guard reader.indices[row] < UInt64(SampleSequence.maximumCount) else {
                    throw DatasetError(
                        .data,
                        "\(reader.path): sample \(reader.ids[row]) has the index "
                            + "\(reader.indices[row]), beyond 2^40: run 'steadyset solve' again")
                }
                let address = SampleAddress(stratum: stratum, index: Int(reader.indices[row]))
                let place = split.rank(of: address, strata: strata.count)
                parts[place.part, default: []].append(
                    RankedSample(rank: place.rank, file: Int32(file), row: Int32(row)))
            }
        }
        self.parts = Split.Part.allCases.compactMap { part in
            parts[part].map { (part, $0.sorted { $0.rank < $1.rank }) }
        }
    }

    /// Shards of `size` ranks each, in order; shards without samples are left out.
    package func shards(of size: Int) -> [Shard] {
        var shards: [Shard] = []
        for (part, samples) in parts {
            var start = 0
            while start < samples.count {
                let number = samples[start].rank / size
                let ranks = number * size..<(number + 1) * size
                let end = samples[start...].firstIndex { !ranks.contains($0.rank) } ?? samples.count
                shards.append(
                    Shard(
                        part: part, ranks: ranks, samples: Array(samples[start..<end]),
                        name: ShardName.of(part, number)))
                start = end
            }
        }
        return shards
    }
}

extension SolvedSamples {
    /// What a manifest says of all labels: the digest of their content in the order of all samples,
    /// however they are cut into files, the largest bound, and how many there are of each stratum.
    package func summary(strata: [Int]) throws -> (
        digest: Digest, largestBound: Double, counts: [Int]
    ) {
        let order = try RankOrder(self, split: .none, strata: strata)
        var hasher = Digest.Hasher()
        var largest = 0.0
        var counts = [Int](repeating: 0, count: strata.count)
        for sample in order.shards(of: SampleSequence.maximumCount).flatMap(\.samples) {
            let (reader, row) = (try reader(Int(sample.file)), Int(sample.row))
            hasher.update(reader.content(at: row))
            largest = max(largest, reader.errorBounds[row])
            counts[sample.rank % strata.count] += 1
        }
        return (hasher.finish(), largest, counts)
    }
}

extension ShardReader {
    /// What a content digest covers of a sample: its id, its rank where one is given, its error
    /// bound, 8 little-endian bytes each, and the SHA-256 of y.
    package func content(at row: Int, rank: Int? = nil) -> [UInt8] {
        ids[row].bits.littleEndianBytes + (rank?.littleEndianBytes ?? [])
            + errorBounds[row].bitPattern.littleEndianBytes + ySHA256s[row].bytes
    }
}
