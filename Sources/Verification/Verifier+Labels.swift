internal import Datasets
package import Fields
internal import Sampling
package import Shards

/// What a part file says of a sample's label.
package struct PartLabel {
    package let errorBound: Double
    package let ySHA256: Digest
    package let index: UInt64
    package let sources: Int
    /// Whether a shard has it.
    package var isPacked = false
}

extension Verifier {
    /// Remembers the labels of a part, to hold the shards against.
    package func remember(_ reader: ShardReader) {
        guard stages.contains(.pack), dataset.version == nil else { return }
        for row in 0..<reader.count {
            labels[reader.ids[row]] = PartLabel(
                errorBound: reader.errorBounds[row], ySHA256: reader.ySHA256s[row],
                index: reader.indices[row], sources: reader.sourceCounts[row])
        }
    }

    /// Holds a shard of the base against the parts that it was packed from, or against the
    /// configurations where there are no parts.
    package func compare(_ reader: ShardReader) {
        guard manifests.solve != nil else { return compareWithConfigurations(reader) }
        var (strangers, different): ([SampleID], [SampleID]) = ([], [])
        for row in 0..<reader.count {
            let id = reader.ids[row]
            guard let label = labels[id] else {
                strangers.append(id)
                continue
            }
            labels[id]?.isPacked = true
            if label.errorBound != reader.errorBounds[row] || label.ySHA256 != reader.ySHA256s[row]
                || label.index != reader.indices[row] || label.sources != reader.sourceCounts[row]
            {
                different.append(id)
                // Each of the two can be solved again.
                solvable += parted[id].map { [$0] } ?? []
            }
        }
        report(strangers, "are in no part of the stage 'solve', which it was packed from", reader)
        report(different, "have another label, bound or index than in the stage 'solve'", reader)
    }

    private func compareWithConfigurations(_ reader: ShardReader) {
        guard manifests.sample != nil, !configurations.isEmpty else { return }
        let strangers = (0..<reader.count).filter { row in
            guard let place = configurations[reader.ids[row]] else { return true }
            return place.sources != reader.sourceCounts[row]
                || place.index != Int(reader.indices[row])
        }.map { reader.ids[$0] }
        report(strangers, "are none of the configurations of the stage 'sample'", reader)
    }

    private func report(_ ids: [SampleID], _ what: String, _ reader: ShardReader) {
        guard let first = ids.first else { return }
        found("\(reader.path): \(ids.count) of its samples (\(first) …) \(what)")
    }

    /// That every label of the parts is in a shard. Those that are not can be solved again, too.
    package func checkAllPacked() {
        guard manifests.solve != nil, stages.contains(.pack) else { return }
        let rest = labels.filter { !$0.value.isPacked }.keys.sorted { $0.bits < $1.bits }
        guard let first = rest.first else { return }
        solvable += rest.compactMap { parted[$0] }
        found(
            "\(dataset.folder(.pack)): \(rest.count) samples of the stage 'solve' (\(first) …) "
                + "are in no shard")
    }
}
