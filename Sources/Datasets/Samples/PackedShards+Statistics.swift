internal import Fields
internal import Parallel
internal import Sampling
package import Shards

extension PackedShards {
    /// The statistics of samples of the training part, from their labels: those of the manifest's
    /// files `numbers` of which `isTaken` says so, by the columns of their shard and the row.
    ///
    /// - Returns: nil where that are none, or where shards hold no fields.
    /// - Throws: `DatasetError` or `ShardsError` where a label is damaged.
    package func statistics(
        of numbers: some Sequence<Int>, threads: Int,
        where isTaken: (ShardReader, Int) -> Bool = { _, _ in true }
    ) throws -> SampleStatistics? {
        guard manifest.codec.labels != nil else { return nil }
        var places: [(shard: Int, row: Int)] = []
        for number in numbers where manifest.shards[number].part == .train {
            let reader = try reader(number)
            places += (0..<reader.count).filter { isTaken(reader, $0) }.map { (number, $0) }
        }
        let (meters, physics) = (SampleMeters(physics), physics)
        try OrderedWork.run(count: places.count, threads: threads) { [places] in
            let decoder = try SampleDecoder(lattice: physics.lattice)
            return { [self] number in
                try Interruption.check()
                let (reader, row) = (try reader(places[number].shard), places[number].row)
                meters.add(
                    SourceImage(try reader.configuration(at: row, under: physics)),
                    try reader.y(at: row, with: decoder, checkingDigest: true),
                    try reader.coefficients.map {
                        try reader.coefficient($0, at: row, with: decoder)
                    })
            }
        } consume: { _, _ in
        }
        return try meters.statistics(of: .train)
    }
}
