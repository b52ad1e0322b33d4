package import Datasets
internal import Documents
package import Fields
internal import Foundation
internal import Parallel
internal import Sampling
package import Shards
package import Solving

extension Verifier {
    /// Opens a file that a manifest lists.
    package func reader(_ file: Manifest.File, of stage: Stage) throws -> ShardReader {
        let path = try SafePath.resolve(file.path, in: dataset.folder(stage))
        let reader = try ShardReader(path: path)
        expect(
            reader.count == file.samples,
            "\(path): holds \(reader.count) samples, the manifest " + "lists \(file.samples)")
        return reader
    }

    /// The physics that a shard says it belongs to.
    package func physics(of reader: ShardReader) throws -> Physics {
        guard case .string(let text)? = reader.attributes["physics"] else {
            throw DatasetError(.data, "\(reader.path): lacks the attribute 'physics'")
        }
        return try Physics(
            json: try JSON.parse(
                Array(text.utf8), source: "\(reader.path), " + "attribute 'physics'"))
    }

    /// Decodes every chunk of a file: y has its digest, lies on its grid and in range; x is the
    /// image of the sources; the id is that of the configuration; the bound is within the
    /// tolerance.
    package func checkSamples(
        of reader: ShardReader, physics: Physics, accuracy: Accuracy, codec: any ShardCodec,
        solvable isSolvable: Bool
    ) throws {
        guard reader.codec.name == codec.name else {
            return found(
                "\(reader.path): its codec is '\(reader.codec.name)', not the " + "manifest's")
        }
        expect(
            reader.lattice == physics.lattice,
            "\(reader.path): its lattice is not that of its " + "physics")
        for (name, value) in ShardAttribute.describing(physics, accuracy) {
            expect(
                reader.attributes[name] == value,
                "\(reader.path): its attribute '\(name)' is " + "not the manifest's")
        }
        guard reader.lattice == physics.lattice else { return }
        // A shard without fields: what it holds is checked against its configurations.
        let drawn = codec.coefficients(under: physics)
        let fixed = codec.labels == nil ? [] : try ShardCoefficient.fixedValues(under: physics)
        guard reader.coefficients == drawn, reader.fixedCoefficients == fixed.map(\.dataset) else {
            return found(
                "\(reader.path): its datasets of coefficients are not those of its " + "physics")
        }
        for (dataset, values) in fixed {
            expect(
                try reader.fixedCoefficient(dataset) == values,
                "\(reader.path): '\(dataset.coefficient.rawValue)' is not that of its physics")
        }
        let laws = LabelLaws(physics: physics, accuracy: accuracy)
        try OrderedWork.run(count: reader.count, threads: threads) {
            let decoder = try SampleDecoder(lattice: reader.lattice)
            return { row in
                try Interruption.check()
                var findings: [String] = []
                let id = reader.ids[row]
                func named(_ message: String) -> String {
                    "\(reader.path): sample \(id): " + "\(message)"
                }
                func expect(_ condition: Bool, _ message: String) {
                    if !condition { findings.append(named(message)) }
                }
                do {
                    let configuration = try reader.configuration(at: row, under: physics)
                    expect(configuration.id == id, "its id is not that of its sources")
                    expect(
                        reader.sourceCounts[row] == configuration.sources.count,
                        "n_sources is not the number of sources")
                    let bound = reader.errorBounds[row]
                    if let wrong = laws.violation(ofBound: bound) { findings.append(named(wrong)) }
                    guard codec.labels != nil else { return findings }
                    let y = try reader.y(at: row, with: decoder, checkingDigest: true)
                    let image = SourceImage(configuration)
                    let x = try reader.x(at: row, with: decoder)
                    expect(
                        x == image.dense(on: physics.lattice),
                        "x is not the image of its " + "sources")
                    findings += laws.violations(y, bound: bound, of: configuration, image).map(
                        named)
                    guard !drawn.isEmpty else { return findings }
                    let medium = configuration.physics.medium()
                    for dataset in drawn {
                        expect(
                            try reader.coefficient(dataset, at: row, with: decoder)
                                == dataset.values(medium),
                            "\(dataset.coefficient.rawValue) is not that of its keys")
                    }
                } catch let error as Interrupted { throw error } catch {
                    findings.append("\(reader.path): sample \(id): \(DatasetError(error).message)")
                }
                return findings
            }
        } consume: { [self] row, findings in
            report.samples += 1
            report.findings += findings
            guard isSolvable, findings.isEmpty else { return }
            let place = Solvable(path: reader.path, row: row, physics: physics, accuracy: accuracy)
            if reader.kind == .part, stages.contains(.pack) {
                parted[reader.ids[row]] = place
            } else {
                solvable.append(place)
            }
        }
    }

    /// Shards: the order of ranks, the digests, the counts, and the laws of the selections; of the
    /// files `decoding` every chunk.
    package func checkPack(_ manifest: Manifest, decoding: Set<String>) throws {
        let folder = dataset.folder(.pack)
        let physics = try Physics(json: manifest.parameters["physics"] ?? .null)
        let accuracy = Accuracy(json: manifest.parameters)
        let strata = (manifest.content["strata"]?.array ?? []).compactMap { $0["sources"]?.int }
        let codec = try manifest.codec
        let selections = try (manifest.content["selections"]?.array ?? []).map {
            try Selection(json: $0)
        }
        let split = try manifests[.split].map { try Split(json: $0.parameters) }
        if let other = manifests[.split]?.content["selections"]?.array {
            expect(
                manifest.parent == nil
                    ? other == manifest.content["selections"]?.array
                    : other
                        == manifest.content["selections"]?.array.map {
                            Array($0.prefix(other.count))
                        }, "\(folder): the selections are not those of the split stage")
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
                samples: manifest.files.reduce(0) { $0 + $1.samples }, codec: codec,
                coefficients: codec.coefficients(under: physics)))
        for file in manifest.files {
            try Interruption.check()
            guard let part = file.extra["part"]?.string.flatMap(Split.Part.init),
                let bounds = file.extra["ranks"]?.array?.compactMap(\.int), bounds.count == 2,
                bounds[0] <= bounds[1]
            else {
                found("\(folder): the entry of '\(file.path)' lacks part or ranks")
                continue
            }
            attempt {
                let reader = try reader(file, of: .pack)
                guard let ranks = reader.ranks else {
                    return found("\(reader.path): is no shard; its samples have no rank")
                }
                expect(
                    try self.physics(of: reader) == physics,
                    "\(reader.path): its physics is " + "not the manifest's")
                // What the manifest's id does not cover.
                let isAddition = file.path.hasPrefix(ShardPacking.added)
                let size = manifest.layout["samples_per_shard"]?.int ?? 0
                expect(
                    isAddition
                        ? bounds[1] - bounds[0] == reader.count && reader.count <= size
                        : bounds[1] - bounds[0] == size,
                    "\(folder): samples_per_shard is not what the ranks of '\(file.path)' say")
                expect(
                    !isAddition || (part == .train && manifest.parent != nil),
                    "\(folder): '\(file.path)' does not belong into this manifest")
                expect(
                    reader.attributes["compression_level"]
                        == manifest.layout["compression_level"]?.int.map(ShardAttribute.integer),
                    "\(reader.path): its compression_level is not the manifest's")
                // Shards of an early build, which have no table, need not lie that way.
                if manifest.layout["locations"] != nil {
                    locations.update(try LocationTable.records(of: reader))
                }
                checkName(file, part, bounds, size: size)
                if decoding.contains(file.path) {
                    if !isAddition, dataset.version == nil { compare(reader) }
                    try checkSamples(
                        of: reader, physics: physics, accuracy: accuracy, codec: codec,
                        solvable: true)
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
                        "\(reader.path): sample \(id) is in the " + "dataset twice")
                    expect(
                        rank > lastRank[part] ?? -1 && (bounds[0]..<bounds[1]).contains(rank),
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
                    content.finish().description == file.extra["digest"]?.string,
                    "\(reader.path): its samples are not those that the manifest's digest covers")
            }
        }
        expect(
            all.finish().description == manifest.content["digest"]?.string,
            "\(folder): the samples are not those that the manifest's digest covers")
        expect(
            manifest.content["samples"]?.int == counts.reduce(0, +)
                && manifest.content["strata"] == SampleListing.table(strata: strata, counts: counts)
                && (manifest.content["parts"]?.array ?? []).allSatisfy { entry in
                    entry["samples"]?.int
                        == entry["part"]?.string.flatMap(Split.Part.init).map { parts[$0] ?? 0 }
                }, "\(folder): the manifest's numbers of samples are not those of the shards")
        expect(
            largest == manifest.content["largest_error_bound"]?.double,
            "\(folder): the largest error bound is \(largest), not the manifest's")
        expect(
            Set(parts.keys.map(\.rawValue))
                == Set(
                    (manifest.content["parts"]?.array ?? []).filter { $0["samples"] != .integer(0) }
                        .compactMap { $0["part"]?.string }),
            "\(folder): the parts that the manifest counts are not those of the shards")
        checkNames(of: selections, folder: folder)
        attempt { try checkLocations(manifest, expected: locations.finish()) }
        checkLaws(selections, members: members, strata: strata, folder: folder)
    }

    /// The name of a shard: its part and number, or, of one that a version added, the digest of its
    /// samples.
    private func checkName(_ file: Manifest.File, _ part: Split.Part, _ bounds: [Int], size: Int) {
        if file.path.hasPrefix(ShardPacking.added) {
            let digest = file.extra["digest"]?.string ?? ""
            return expect(
                file.path == "\(ShardPacking.added)\(digest.prefix(16)).h5",
                "\(dataset.folder(.pack)): '\(file.path)' is not named by the digest of its "
                    + "samples")
        }
        expect(
            size > 0 && bounds[0] % size == 0
                && file.path
                    == "\(part.rawValue)-\(SampleListing.Part.digits(bounds[0] / size)).h5",
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
    private func checkLocations(_ manifest: Manifest, expected: Digest) throws {
        guard let entry = manifest.layout["locations"], let name = entry["path"]?.string else {
            return
        }
        let path = try SafePath.resolve(name, in: dataset.folder(.pack))
        let digest = try FileDigest(of: path)
        report.files += 1
        expect(
            digest.bytes == entry["bytes"]?.int
                && digest.sha256.description == entry["sha256"]?.string,
            "\(path): its content is not what the manifest lists (SHA-256 differs); it was "
                + "damaged or replaced")
        expect(
            digest.sha256 == expected,
            "\(path): does not say where the samples of the shards " + "lie")
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

    /// Solves samples again, chosen at random without repeats, and compares labels and bounds bit
    /// by bit.
    package func solveAgain(_ count: Int, seed: UInt32) throws {
        let philox = Philox(seed: seed, stream: 2)
        // A partial Fisher–Yates shuffle: each choice is uniform among the rest.
        var pool = solvable
        let chosen = min(count, pool.count)
        for position in 0..<chosen {
            let draw = philox(SIMD4(UInt32(truncatingIfNeeded: position), 0, 0, 0)).x
            let other = position + Int((UInt64(draw) * UInt64(pool.count - position)) >> 32)
            pool.swapAt(position, other)
        }
        let items = Array(pool[..<chosen])
        try OrderedWork.run(count: items.count, threads: threads) {
            var solver: Solver?
            return { (position: Int) -> String? in
                try Interruption.check()
                let item = items[position]
                let reader = try ShardReader(path: item.path)
                let configuration = try reader.configuration(at: item.row, under: item.physics)
                if solver?.lattice != item.physics.lattice || solver?.accuracy != item.accuracy {
                    solver = Solver(physics: item.physics, accuracy: item.accuracy)
                }
                var label = [Float](repeating: 0, count: item.physics.lattice.count)
                guard
                    let solution = solver?.solve(
                        SourceImage(configuration), physics: configuration.physics, into: &label)
                else { return nil }
                let same =
                    FieldBytes.digest(of: label) == reader.ySHA256s[item.row]
                    && solution.errorBound == reader.errorBounds[item.row]
                return same
                    ? nil : "\(item.path): sample \(configuration.id): solved again it " + "differs"
            }
        } consume: { [self] _, finding in
            report.resolved += 1
            if let finding { found(finding) }
        }
    }
}
