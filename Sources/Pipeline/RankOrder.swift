internal import Fields
internal import Sampling
internal import Shards

/// All samples of a solve stage, part by part in rank order, cut into shards.
struct RankOrder {
    /// One sample: where it is, and its place in the order.
    struct Sample {
        let rank: Int
        let file: Int
        let row: Int
        let id: SampleID
        let errorBound: Double
        let ySHA256: Digest

        /// What a content digest covers: id, rank and error bound, 8 little-endian bytes each, and the SHA-256 of y.
        var content: [UInt8] {
            RankOrder.content(id: id, rank: rank, errorBound: errorBound, ySHA256: ySHA256)
        }
    }

    /// A shard to be.
    struct Shard {
        let part: Split.Part
        /// The ranks that it is for; not all need exist.
        let ranks: Range<Int>
        let samples: [Sample]
        let name: String
    }

    private let parts: [(part: Split.Part, samples: [Sample])]

    /// Reads the columns of every part file. Memory is about 90 bytes a sample.
    init(_ store: SolvedSamples, split: Split, strata: [Int]) throws {
        var parts: [Split.Part: [Sample]] = [:]
        for file in store.files.indices {
            let reader = try store.reader(file)
            for row in 0..<reader.count {
                guard let stratum = strata.firstIndex(of: reader.sourceCounts[row]) else {
                    throw PipelineError(
                        .data, "\(reader.path): sample \(reader.ids[row]) is of no stratum: run 'steadyset solve' again"
                    )
                }
                let address = SampleAddress(stratum: stratum, index: Int(reader.indices[row]))
                let place = split.rank(of: address, strata: strata.count)
                parts[place.part, default: []].append(
                    Sample(
                        rank: place.rank, file: file, row: row, id: reader.ids[row],
                        errorBound: reader.errorBounds[row], ySHA256: reader.ySHA256s[row]))
            }
        }
        self.parts = Split.Part.allCases.compactMap { part in
            parts[part].map { (part, $0.sorted { $0.rank < $1.rank }) }
        }
    }

    static func content(id: SampleID, rank: Int, errorBound: Double, ySHA256: Digest) -> [UInt8] {
        id.bits.littleEndianBytes + UInt64(rank).littleEndianBytes + errorBound.bitPattern.littleEndianBytes
            + ySHA256.bytes
    }

    /// Shards of `size` ranks each, in order; shards without samples are left out.
    func shards(of size: Int) -> [Shard] {
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
                        name: "\(part.rawValue)-\(SampleListing.Part.digits(number)).h5"))
                start = end
            }
        }
        return shards
    }
}
