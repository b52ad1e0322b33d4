package import Fields
internal import Foundation
internal import Parallel
package import Sampling
package import Shards

/// The samples of a pack stage: what each is, and a reader of its fields that any number of threads
/// may use.
package final class PackedSamples: Sendable {
    /// One sample: where it is, and what selections ask.
    package struct Sample: Sendable {
        package let id: SampleID
        package let rank: Int
        package let file: Int32
        package let row: Int32
        /// The number of sources.
        package let sources: Int32
        package let part: Split.Part
    }

    /// All samples: training, validation, test, each in rank order; then training samples that
    /// versions added.
    package let samples: [Sample]
    private let shards: PackedShards

    /// The pack stage's manifest.
    package var manifest: PackManifest { shards.manifest }
    /// The equation, and the lattice of the fields.
    package var physics: Physics { shards.physics }

    /// Reads the columns of every shard that `manifest` lists in `folder`; no field is read.
    ///
    /// - Parameter visit: Called with the reader of each shard, in order.
    /// - Throws: `DatasetError` or `ShardsError` where a shard is missing or is not what the
    ///   manifest lists.
    package init(
        _ manifest: PackManifest, in folder: String, visit: (ShardReader) throws -> Void = { _ in }
    ) throws {
        shards = PackedShards(manifest, in: folder, keeping: 128)
        var samples: [Sample] = []
        for (number, shard) in manifest.shards.enumerated() {
            try Interruption.check()
            let reader = try shards.open(number)
            try visit(reader)
            for row in 0..<reader.count {
                samples.append(
                    Sample(
                        id: reader.ids[row], rank: Int(clamping: reader.ranks?[row] ?? 0),
                        file: Int32(number), row: Int32(row),
                        sources: Int32(reader.sourceCounts[row]), part: shard.part))
            }
        }
        self.samples = samples
    }

    /// The samples that `expression` names, of `part` where one is given; in the order of
    /// `samples`.
    ///
    /// - Throws: `DatasetError` where a name is unknown, or nothing is left.
    package func select(_ expression: String, of part: Split.Part? = nil) throws -> [Sample] {
        let selection = try SelectionExpression(expression, among: manifest.selections)
        let found = samples.filter {
            (part == nil || $0.part == part)
                && selection.contains(part: $0.part, rank: $0.rank, sources: Int($0.sources))
        }
        guard !found.isEmpty else {
            let place = part.map { " of the part '\($0.rawValue)'" } ?? ""
            throw DatasetError(
                .data,
                "the selection '\(expression)' has no sample\(place): 'steadyset show' lists what "
                    + "there is")
        }
        return found
    }

    /// The samples of a whole part; none where it is empty.
    package func all(of part: Split.Part) -> [Sample] { samples.filter { $0.part == part } }

    /// The reader of a sample's shard. Safe for any number of threads.
    package func reader(of sample: Sample) throws -> ShardReader {
        try shards.reader(Int(sample.file))
    }

    /// The dataset that `path` is: a dataset's folder, or that of its pack stage.
    package static func locate(_ path: String) throws -> Dataset {
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.pack) else {
            throw DatasetError(
                .noInput,
                "\(path) has no shards: run 'steadyset pack' or 'steadyset run' with it first")
        }
        return dataset
    }
}
