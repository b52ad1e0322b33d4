package import Datasets
internal import Documents
internal import Fields
internal import Parallel
internal import Sampling
package import Shards
internal import Solving

/// What the ids of manifests do not cover, held against the files.
extension Verifier {
    /// The parts of a solve stage: those of the sample stage, under their names.
    package func checkLayout(ofSolve manifest: SolveManifest, _ listing: SampleListing?) {
        let folder = dataset.folder(.solve)
        for (number, part) in manifest.parts.enumerated() {
            expect(
                part.file.path == "part-\(SampleListing.Part.digits(number)).h5"
                    && part.file.samples <= manifest.samplesPerPart,
                "\(folder): the entry of '\(part.file.path)' is not that of part \(number) of "
                    + "\(manifest.samplesPerPart) samples")
        }
        guard let listing else { return }
        expect(
            listing.cut.size == manifest.samplesPerPart,
            "\(folder): samples_per_part is not that of the stage 'sample'")
        expect(
            manifest.parts.count == listing.parts.count,
            "\(folder): lists \(manifest.parts.count) parts of \(listing.parts.count)")
        expect(
            zip(manifest.parts, listing.parts).allSatisfy { $0.first == $1.place.first },
            "\(folder): its parts are not those that the stage 'sample' is cut into")
    }

    /// The ranks of a part's samples: those of the cut of the sample stage.
    package func checkRanks(
        _ reader: ShardReader, _ part: SampleListing.Part, _ listing: SampleListing
    ) {
        guard let ranks = reader.ranks else {
            return found("\(reader.path): is no part; its samples have no rank")
        }
        let isSo = (0..<reader.count).allSatisfy { row in
            guard let stratum = listing.strata.firstIndex(of: reader.sourceCounts[row]),
                let index = Int(exactly: reader.indices[row]),
                index < listing.sequence.counts[stratum]
            else { return false }
            let address = SampleAddress(stratum: stratum, index: index)
            return listing.number(of: address) == part.number
                && listing.rank(of: address) == Int(ranks[row])
        }
        expect(isSo, "\(reader.path): its ranks are not those of its samples")
    }

    /// Sites of samples that are compressed again at most, and levels that are tried where the
    /// bytes differ.
    private static let compressedSites = 1 << 20
    private static let largestSearched = 1 << 22

    /// The level of a file's chunks: they are what that level makes of the fields, or what none
    /// does, where another release of zstd wrote them.
    package func checkLevel(_ level: Int, of reader: ShardReader) throws {
        guard reader.codec.labels != nil else { return }
        let rows =
            0..<min(reader.count, max(1, min(8, Verifier.compressedSites / reader.lattice.count)))
        let decoder = try SampleDecoder(lattice: reader.lattice)
        var fields = try rows.map { row in
            (ShardField.x, try reader.x(at: row, with: decoder), try reader.frame(.x, at: row))
        }
        if let label = reader.codec.labels?.field, label != .residual {
            fields += try rows.map { row in
                (label, try reader.y(at: row, with: decoder), try reader.frame(label, at: row))
            }
        }
        func isMade(by level: Int) throws -> Bool {
            let encoder = try SampleEncoder(lattice: reader.lattice, level: level)
            return try fields.allSatisfy { try encoder.frame(of: $0.1, as: $0.0) == $0.2 }
        }
        if try isMade(by: level) || reader.lattice.count > Verifier.largestSearched { return }
        for other in 1...19 where try other != level && isMade(by: other) {
            try Interruption.check()
            return found(
                "\(reader.path): its chunks are of compression_level \(other), not \(level) as "
                    + "the manifest says")
        }
    }

    /// That a stage's manifest lists the files that the stage writes, no others, and each with
    /// `samples`.
    package func checkNames(
        _ files: [Manifest.File], _ expected: [(name: String, samples: Int)], of stage: Stage
    ) {
        let folder = dataset.folder(stage)
        expect(
            files.map(\.path) == expected.map(\.name),
            "\(folder): the manifest lists other files than "
                + "\(expected.map(\.name).joined(separator: ", "))")
        for (file, wanted) in zip(files, expected) {
            expect(
                file.samples == wanted.samples,
                "\(folder): '\(file.path)' is not of \(file.samples) samples")
        }
    }
}
