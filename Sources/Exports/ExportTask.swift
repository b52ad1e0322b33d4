internal import Datasets
package import Documents
internal import Fields
internal import Foundation
internal import Sampling
package import Shards

/// One export under way: what it takes, and what has been written.
package final class ExportTask {
    package let format: any ExportFormat
    package let samples: ExportedSamples
    package let options: ExportOptions
    package let threads: Int
    package var result = ExportResult()
    /// The digest of a single file that was written, where it is known.
    private var written: FileDigest?
    private let progress: (Int, Int) -> Void
    private let total: Int

    package init(
        format: any ExportFormat, samples: ExportedSamples, options: ExportOptions, threads: Int,
        progress: @escaping (Int, Int) -> Void
    ) {
        self.format = format
        self.samples = samples
        self.options = options
        self.threads = threads
        self.progress = progress
        total = samples.count
        progress(0, total)
    }

    /// Counts samples that were written.
    package func advance(_ count: Int = 1) {
        result.samples += count
        progress(result.samples, total)
    }

    /// Rows and columns of the lattice.
    package var sides: (rows: Int, columns: Int) { (samples.lattice.rows, samples.lattice.columns) }

    /// What every export says of its origin: the id of the manifest and the selection.
    package var origin: [String: JSON] {
        [
            "steadyset_manifest": .string(samples.manifest.id.description),
            "steadyset_selection": .string(samples.expression.description),
        ]
    }

    /// Writes the origin as attributes of an HDF5 file's root.
    package func describe(_ document: HDF5Document) throws {
        for (name, value) in origin.sorted(by: { $0.key < $1.key }) {
            try document.setAttribute(name, of: "/", to: .text(value.string ?? ""))
        }
        try document.setAttribute("physics", of: "/", to: .text(samples.physics.json.canonicalText))
    }

    /// The path of the shards' folder from the folder of `output`, without links on either side,
    /// and without a beginning that readers take for the home folder or for a protocol.
    package func relativeFolder(from output: String) -> String {
        let parent = URL(literalPath: output).deletingLastPathComponent().resolvingSymlinksInPath()
            .pathComponents
        let folder = URL(literalPath: samples.folder).resolvingSymlinksInPath().pathComponents
        let shared = zip(parent, folder).prefix { $0 == $1 }.count
        let steps = Array(repeating: "..", count: parent.count - shared) + folder[shared...]
        guard let first = steps.first else { return "." }
        return (first.hasPrefix("~") || first.contains(":") ? "./" : "")
            + steps.joined(separator: "/")
    }

    /// Completes a single file at its temporary path, of which `digest` is known.
    package func publish(file destination: ExportDestination, _ digest: FileDigest) throws {
        result.files += 1
        result.bytes += digest.bytes
        written = digest
        try destination.commit()
    }

    /// Writes the table of the samples into a folder, and returns its entry in a list of files.
    package func writeTable(into destination: ExportDestination) throws
        -> [(path: String, digest: FileDigest, samples: Int)]
    {
        let digest = try TableFormat.write(
            self, to: "\(destination.temporary)/\(ExportTask.table)")
        // Files are counted when all are there.
        result.bytes = 0
        return [(ExportTask.table, digest, samples.count)]
    }

    /// Completes the folder that describes the single file `path` beside it; where that cannot be
    /// written, the file goes, too.
    func publish(card: ExportDestination, of path: String) throws {
        do {
            let digest = try written ?? FileDigest(of: path, followingLinks: false)
            _ = try CardFiles(self).write(
                into: card.temporary, data: [("../\(ExportTask.lastName(of: path))", digest)],
                shardsAt: nil)
            try card.commit()
        } catch {
            AtomicFile.remove(path)
            throw error
        }
    }

    /// The name of the table of samples.
    static let table = "samples.csv"

    /// The last name of a path.
    static func lastName(of path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }

    /// Completes a folder: writes what describes `files` (path, digest, number of samples), and
    /// `export.json`, which lists all of them.
    ///
    /// - Parameter shards: the folder of the shards, a URL or a path, where those are described
    ///   and not the files.
    package func publish(
        folder destination: ExportDestination,
        files data: [(path: String, digest: FileDigest, samples: Int)],
        shardsAt shards: String? = nil, extra: [String: JSON] = [:]
    ) throws {
        let card = try CardFiles(self).write(
            into: destination.temporary, data: data.map { ($0.path, $0.digest) }, shardsAt: shards)
        let files = data + card
        var entries: [JSON] = []
        for (path, digest, samples) in files {
            result.files += 1
            result.bytes += digest.bytes
            entries.append(
                .object([
                    "path": .string(path), "bytes": .integer(digest.bytes),
                    "sha256": .string(digest.sha256.description), "samples": .integer(samples),
                ]))
        }
        let json = JSON.object(
            [
                "format": .string("steadyset-export"), "version": .integer(1),
                "export": .string(format.name),
                "manifest": .string(samples.manifest.id.description),
                "selection": .string(samples.expression.description),
                "samples": .integer(result.samples), "files": .array(entries),
            ].merging(extra) { $1 })
        try Schema.named("export").check(json, source: ExportDestination.summary)
        try AtomicFile.write(
            json.prettyBytes, to: "\(destination.temporary)/\(ExportDestination.summary)")
        try destination.commit()
    }
}
