package import Datasets
internal import Documents
internal import Fields
internal import Parallel
internal import Sampling
package import Shards
internal import Solving

/// What the ids of manifests do not cover, held against the files.
extension Verifier {
    /// The parts that a sample stage is cut into, and the names of their files.
    package func checkLayout(ofSample manifest: SampleManifest, _ listing: SampleListing) {
        let folder = dataset.folder(.sample)
        let size = manifest.samplesPerPart
        let isSo = listing.parts.allSatisfy { part in
            part.first == part.number * size
                && (part.count == size
                    || (part.number == listing.parts.count - 1 && part.count <= size))
        }
        expect(isSo, "\(folder): samples_per_part is not what the files say")
    }

    /// The parts of a solve stage: those of the sample stage, under their names.
    package func checkLayout(ofSolve manifest: SolveManifest, _ listing: SampleListing?) {
        let folder = dataset.folder(.solve)
        let size = manifest.samplesPerPart
        for (number, part) in manifest.parts.enumerated() {
            let file = part.file
            let first = number.multipliedReportingOverflow(by: size)
            expect(
                !first.overflow && part.first == first.partialValue && file.samples <= size
                    && file.path == "part-\(SampleListing.Part.digits(number)).h5",
                "\(folder): the entry of '\(file.path)' is not that of part \(number) of \(size) "
                    + "samples")
        }
        if let sample = manifests.sample {
            expect(
                sample.samplesPerPart == size,
                "\(folder): samples_per_part is not that of the stage 'sample'")
        }
        if let listing {
            expect(
                manifest.parts.count == listing.parts.count,
                "\(folder): lists \(manifest.parts.count) parts of \(listing.parts.count)")
        }
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
        if reader.codec.isStandard {
            fields += try rows.map { row in
                (ShardField.y, try reader.y(at: row, with: decoder), try reader.frame(.y, at: row))
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
