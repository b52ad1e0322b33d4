package import Datasets
internal import Documents
package import Fields
internal import Foundation
internal import Parallel
package import Sampling
package import Shards
package import Solving

extension Verifier {
    /// Opens a file that a manifest lists.
    package func reader(_ file: Manifest.File, of stage: Stage) throws -> ShardReader {
        let path = try SafePath.resolve(file.path, in: dataset.folder(stage))
        let reader = try ShardReader(path: path)
        expect(
            reader.count == file.samples,
            "\(path): holds \(reader.count) samples, the manifest lists \(file.samples)")
        return reader
    }

    /// The physics that a shard says it belongs to.
    package func physics(of reader: ShardReader) throws -> Physics {
        guard case .string(let text)? = reader.attributes["physics"] else {
            throw DatasetError(.data, "\(reader.path): lacks the attribute 'physics'")
        }
        return try Physics(
            json: try JSON.parse(
                Array(text.utf8), source: "\(reader.path), attribute 'physics'"))
    }

    /// Decodes every chunk of a file: y has its digest, lies on its grid and in range; x is the
    /// image of the sources; the id is that of the configuration; the bound is within the
    /// tolerance. Of a sound file of `part` .train the statistics are remembered. A part that is a
    /// shard too is decoded once.
    package func checkSamples(
        of reader: ShardReader, _ stage: Stage, _ part: Split.Part?, physics: Physics,
        accuracy: Accuracy, codec: any ShardCodec
    ) throws {
        guard reader.codec.name == codec.name else {
            return found(
                "\(reader.path): its codec is '\(reader.codec.name)', not the manifest's")
        }
        expect(
            reader.lattice == physics.lattice,
            "\(reader.path): its lattice is not that of its physics")
        for (name, value) in ShardAttribute.describing(physics, accuracy) {
            expect(
                reader.attributes[name] == value,
                "\(reader.path): its attribute '\(name)' is not the manifest's")
        }
        guard reader.lattice == physics.lattice else { return }
        // A shard without fields: what it holds is checked against its configurations.
        let drawn = codec.coefficients(under: physics)
        let fixed = codec.labels == nil ? [] : try ShardCoefficient.fixedValues(under: physics)
        guard reader.coefficients == drawn, reader.fixedCoefficients == fixed.map(\.dataset) else {
            return found(
                "\(reader.path): its datasets of coefficients are not those of its physics")
        }
        for (dataset, values) in fixed {
            expect(
                try reader.fixedCoefficient(dataset) == values,
                "\(reader.path): '\(dataset.coefficient.rawValue)' is not that of its physics")
        }
        func take(_ row: Int) {
            let place = Solvable(path: reader.path, row: row, physics: physics, accuracy: accuracy)
            if stage == .solve, stages.contains(.pack) {
                parted[reader.ids[row]] = place
            } else {
                solvable.append(place)
            }
        }
        if let known = shared.sound(at: reader.path), known.part == part,
            known.physics == physics, known.accuracy == accuracy, known.codec == codec.name
        {
            report.samples += reader.count
            for row in 0..<reader.count { take(row) }
            statistics[reader.path] = known.statistics
            return advance(stage, by: reader.count)
        }
        let file = SharedFile(at: reader.path)
        let hasContrast = ShardCoefficient.hasContrast(under: physics)
        let laws = LabelLaws(physics: physics, accuracy: accuracy)
        let before = report.findings.count
        let meters = part == .train && codec.labels != nil ? SampleMeters(physics) : nil
        try OrderedWork.run(count: reader.count, threads: threads) {
            let decoder = try SampleDecoder(lattice: reader.lattice)
            return { row in
                try Interruption.check()
                var findings: [String] = []
                let id = reader.ids[row]
                func named(_ message: String) -> String {
                    "\(reader.path): sample \(id): \(message)"
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
                    let medium =
                        drawn.isEmpty && !hasContrast ? nil : configuration.physics.medium()
                    expect(
                        reader.contrasts?[row] == (hasContrast ? medium?.contrast : nil),
                        "its contrast is not that of its medium")
                    guard codec.labels != nil else { return findings }
                    let y = try reader.y(at: row, with: decoder, checkingDigest: true)
                    let image = SourceImage(configuration)
                    let x = try reader.x(at: row, with: decoder)
                    if let labels = codec.labels, labels.usesFields {
                        try labels.check(try reader.sample(at: row))
                    }
                    expect(
                        x == image.dense(on: physics.lattice),
                        "x is not the image of its sources")
                    findings += laws.violations(y, bound: bound, of: configuration, image).map(
                        named)
                    var coefficients: [[Float]] = []
                    for dataset in drawn {
                        guard let medium else { break }
                        let values = try reader.coefficient(dataset, at: row, with: decoder)
                        expect(
                            values == dataset.values(medium),
                            "\(dataset.coefficient.rawValue) is not that of its keys")
                        coefficients.append(values)
                    }
                    if findings.isEmpty { meters?.add(image, y, coefficients) }
                } catch let error as Interrupted { throw error } catch {
                    findings.append("\(reader.path): sample \(id): \(DatasetError(error).message)")
                }
                return findings
            }
        } consume: { [self] row, findings in
            report.samples += 1
            report.findings += findings
            advance(stage)
            if findings.isEmpty { take(row) }
        }
        if report.findings.count == before {
            let found = try meters?.statistics(of: .train)
            statistics[reader.path] = found
            shared.keep(
                SharedFindings.Sound(
                    physics: physics, accuracy: accuracy, codec: codec.name, part: part,
                    statistics: found), of: file, at: reader.path)
        }
    }

    /// The statistics that a manifest of `stage` has, which must be those of the samples in these
    /// files; nothing is said where one of these is damaged, or holds no labels.
    package func checkStatistics(
        _ recorded: SampleStatistics?, of files: [Manifest.File], _ stage: Stage
    ) throws {
        guard let recorded else { return }
        let folder = dataset.folder(stage)
        let samples = files.reduce(0) { $0 + $1.samples }
        guard recorded.samples == samples else {
            return found(
                "\(folder): the manifest's statistics are of \(recorded.samples) samples, and "
                    + "there are \(samples) for training")
        }
        let found = try files.filter { $0.samples > 0 }.map {
            statistics[try SafePath.resolve($0.path, in: folder)]
        }
        guard let sum = SampleStatistics.sum(found) else { return }
        expect(
            sum == recorded,
            "\(folder): the manifest's statistics are not those of the samples for training")
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
                    ? nil : "\(item.path): sample \(configuration.id): solved again it differs"
            }
        } consume: { [self] _, finding in
            report.resolved += 1
            if let finding { found(finding) }
        }
    }
}
