package import Datasets
internal import Fields
internal import Parallel
internal import Sampling
internal import Shards

extension Verifier {
    /// Shards: the order of ranks, the digests, the counts, and the laws of the selections; of the
    /// files `decoding` every chunk.
    package func checkPack(_ manifest: PackManifest, decoding: Set<String>) throws {
        let folder = dataset.folder(.pack)
        let (physics, codec) = (manifest.physics, manifest.codec)
        let strata = manifest.strata.map(\.sources)
        let selections = manifest.selections
        let split = manifests.split?.split
        if let other = manifests.split?.selections {
            expect(
                other
                    == (manifest.parent == nil
                        ? selections : Array(selections.prefix(other.count))),
                "\(folder): the selections are not those of the split stage")
        }
        var all = Digest.Hasher()
        var lastRank: [Split.Part: Int] = [:]
        var lastIndex: [Split.Part: [UInt64?]] = [:]
        var largest = 0.0
        var members = selections.map { _ in [Int](repeating: 0, count: strata.count) }
        var seen: Set<SampleID> = []
        var (counts, parts) = ([Int](repeating: 0, count: strata.count), [Split.Part: Int]())
        var locations = Digest.Hasher()
        locations.update(
            LocationTable.header(
                samples: manifest.shards.reduce(0) { $0 + $1.file.samples }, codec: codec,
                coefficients: codec.coefficients(under: physics)))
        beginDecoding(manifest.shards.map(\.file).filter { decoding.contains($0.path) })
        for shard in manifest.shards {
            let (file, part) = (shard.file, shard.part)
            try Interruption.check()
            attempt {
                let reader = try reader(file, of: .pack)
                guard let ranks = reader.ranks else {
                    return found("\(reader.path): is no shard; its samples have no rank")
                }
                expect(
                    try self.physics(of: reader) == physics,
                    "\(reader.path): its physics is not the manifest's")
                // What the manifest's id does not cover.
                let isAddition = file.path.hasPrefix(ShardName.added)
                let size = manifest.samplesPerShard
                expect(
                    isAddition
                        ? shard.ranks.count == reader.count && reader.count <= size
                        : shard.ranks.count == size,
                    "\(folder): samples_per_shard is not what the ranks of '\(file.path)' say")
                expect(
                    !isAddition || (part == .train && manifest.parent != nil),
                    "\(folder): '\(file.path)' does not belong into this manifest")
                expect(
                    reader.attributes["compression_level"]
                        == manifest.compressionLevel.map(ShardAttribute.integer),
                    "\(reader.path): its compression_level is not the manifest's")
                // Shards of an early build, which have no table, need not lie that way.
                if manifest.locations != nil {
                    locations.update(try LocationTable.records(of: reader))
                }
                checkName(shard, size: size)
                if decoding.contains(file.path) {
                    if !isAddition, dataset.version == nil { compare(reader) }
                    try checkSamples(
                        of: reader, .pack, part, physics: physics, accuracy: manifest.accuracy,
                        codec: codec)
                }
                var content = Digest.Hasher()
                for row in 0..<reader.count {
                    let (id, rank) = (reader.ids[row], Int(ranks[row]))
                    let bytes = reader.content(at: row, rank: rank)
                    content.update(bytes)
                    all.update(bytes)
                    largest = max(largest, reader.errorBounds[row])
                    expect(
                        seen.insert(id).inserted,
                        "\(reader.path): sample \(id) is in the dataset twice")
                    expect(
                        rank > lastRank[part] ?? -1 && shard.ranks.contains(rank),
                        "\(reader.path): rank \(rank) of sample \(id) is out of order")
                    lastRank[part] = rank
                    guard let stratum = strata.firstIndex(of: reader.sourceCounts[row]) else {
                        found(
                            "\(reader.path): sample \(id) has a number of sources that is no "
                                + "stratum")
                        continue
                    }
                    counts[stratum] += 1
                    parts[part, default: 0] += 1
                    if isAddition {
                        expect(
                            reader.indices[row] == ranks[row],
                            "\(reader.path): the index of sample \(id), which a version added, is "
                                + "not its rank")
                    } else if split == nil {
                        expect(
                            rank % strata.count == stratum,
                            "\(reader.path): rank \(rank) of sample \(id) is not one of its "
                                + "stratum")
                        // Where the split is not there, its order is: indices of a stratum grow
                        // with the ranks.
                        let index = reader.indices[row]
                        expect(
                            index < UInt64(SampleSequence.maximumCount)
                                && index >= UInt64(rank / strata.count)
                                && lastIndex[part]?[stratum].map { $0 < index } ?? true,
                            "\(reader.path): the index \(index) of sample \(id) is not one of its "
                                + "rank")
                        lastIndex[part, default: Array(repeating: nil, count: strata.count)][
                            stratum] = index
                    } else if let split {
                        let address = split.address(part: part, rank: rank, strata: strata.count)
                        expect(
                            address
                                == SampleAddress(stratum: stratum, index: Int(reader.indices[row])),
                            "\(reader.path): sample \(id) does not have the rank of its index")
                    }
                    for (number, selection) in selections.enumerated()
                    where selection.contains(part: part, rank: rank, sources: strata[stratum]) {
                        members[number][stratum] += 1
                    }
                }
                expect(
                    content.finish() == shard.digest,
                    "\(reader.path): its samples are not those that the manifest's digest covers")
            }
        }
        expect(
            all.finish() == manifest.digest,
            "\(folder): the samples are not those that the manifest's digest covers")
        expect(
            manifest.samples == counts.reduce(0, +)
                && manifest.strata.map(\.samples) == counts
                && manifest.parts.allSatisfy { $0.samples == parts[$0.part] ?? 0 },
            "\(folder): the manifest's numbers of samples are not those of the shards")
        expect(
            largest == manifest.largestErrorBound,
            "\(folder): the largest error bound is \(largest), not the manifest's")
        expect(
            Set(parts.keys) == Set(manifest.parts.filter { $0.samples > 0 }.map(\.part)),
            "\(folder): the parts that the manifest counts are not those of the shards")
        checkNames(of: selections, folder: folder)
        attempt {
            let training = manifest.shards.filter { $0.part == .train }.map(\.file)
            try checkStatistics(manifest.statistics, of: training, .pack)
        }
        attempt { try checkLocations(manifest, expected: locations.finish()) }
        checkLaws(selections, members: members, strata: strata, folder: folder)
    }

    /// The name of a shard: its part and number, or, of one that a version added, the digest of its
    /// samples.
    private func checkName(_ shard: PackManifest.Shard, size: Int) {
        let file = shard.file
        if file.path.hasPrefix(ShardName.added) {
            return expect(
                file.path == "\(ShardName.added)\(shard.digest.short).h5",
                "\(dataset.folder(.pack)): '\(file.path)' is not named by the digest of its "
                    + "samples")
        }
        expect(
            shard.ranks.lowerBound % size == 0
                && file.path == ShardName.of(shard.part, shard.ranks.lowerBound / size),
            "\(dataset.folder(.pack)): '\(file.path)' is not named by its part and ranks")
    }

    /// The names of selections: each begins with its part, is there once, and means nothing else.
    private func checkNames(of selections: [Selection], folder: String) {
        var names: Set<String> = []
        for selection in selections {
            let prefix = "\(selection.part.rawValue)/"
            let rest =
                selection.name.hasPrefix(prefix)
                ? String(selection.name.dropFirst(prefix.count)) : ""
            expect(
                !rest.isEmpty && Split.Part(rawValue: rest) == nil
                    && names.insert(selection.name).inserted,
                "\(folder): the selection '\(selection.name)' is there twice, or has a name that "
                    + "means something else")
        }
    }

    /// The table of locations: its digest is the manifest's, and its bytes are those that the
    /// shards give.
    private func checkLocations(_ manifest: PackManifest, expected: Digest) throws {
        guard let file = manifest.locations else { return }
        let path = try SafePath.resolve(file.path, in: dataset.folder(.pack))
        let digest = try FileDigest(of: path)
        report.files += 1
        expect(
            digest.bytes == file.bytes && digest.sha256 == file.sha256,
            "\(path): its content is not what the manifest lists (SHA-256 differs); it was "
                + "damaged or replaced")
        expect(
            digest.sha256 == expected,
            "\(path): does not say where the samples of the shards lie")
    }

    /// Subsets of a part contain one another, and hold equally many samples of each stratum
    /// wherever all strata have enough and none was left out.
    private func checkLaws(
        _ selections: [Selection], members: [[Int]], strata: [Int], folder: String
    ) {
        for (selection, counts) in zip(selections, members) {
            expect(
                counts.reduce(0, +) == selection.samples,
                "\(folder): \(selection.name) holds \(counts.reduce(0, +)) samples, the manifest "
                    + "says \(selection.samples)")
            // What a round chose need not be stratified.
            guard selection.stratum == nil, selection.name.hasPrefix("\(selection.part.rawValue)/S")
            else { continue }
            let positions = selection.span.count / max(1, strata.count)
            expect(
                selection.span.lowerBound % max(1, strata.count) == 0
                    && counts.allSatisfy { $0 <= positions },
                "\(folder): \(selection.name) is not stratified")
            if selection.samples == selection.span.count {
                expect(
                    counts.allSatisfy { $0 == positions },
                    "\(folder): \(selection.name) does not hold equally many samples of each "
                        + "stratum")
            }
        }
        for part in Split.Part.allCases {
            let nested = selections.filter {
                $0.part == part && $0.name.contains("/S") && !$0.name.contains("-")
            }
            for (smaller, larger) in zip(nested, nested.dropFirst()) {
                expect(
                    larger.span.clamped(to: smaller.span) == smaller.span,
                    "\(folder): \(smaller.name) is not contained in \(larger.name)")
            }
        }
    }
}
