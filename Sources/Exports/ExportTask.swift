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
    /// The folder that describes a single file beside it, until it is there.
    var card: ExportDestination?
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

    /// Completes a single file, and before it the folder that describes it: who sees the file finds
    /// both, and a card without its file is replaced by the next export.
    package func publish(file destination: ExportDestination, _ digest: FileDigest) throws {
        result.files += 1
        result.bytes += digest.bytes
        let published = card
        try publish(card: digest)
        do { try destination.commit() } catch {
            published?.withdraw()
            throw error
        }
    }

    /// Completes the card of the file at `path`, unless it is there; where that cannot be done, the
    /// file goes, too.
    func publishCard(of path: String) throws {
        guard card != nil else { return }
        do { try publish(card: FileDigest(of: path, followingLinks: false)) } catch {
            AtomicFile.remove(path)
            throw error
        }
    }

    private func publish(card digest: FileDigest) throws {
        guard let card else { return }
        _ = try describe(.files([("../\(name)", digest)]), in: card)
        try card.commit()
        self.card = nil
    }

    /// Completes a folder: writes what describes `files` (path, digest, number of samples), and
    /// `export.json`, which lists all of them.
    ///
    /// - Parameter described: the folder of the shards, a URL or a path, and the table of their
    ///   samples, `samples.csv` in the folder, where those are described and not the files.
    package func publish(
        folder destination: ExportDestination,
        files data: [(path: String, digest: FileDigest, samples: Int)],
        describing described: (shards: String, table: FileDigest)? = nil,
        extra: [String: JSON] = [:]
    ) throws {
        let content = described.map { CardFiles.Content.shards(in: $0.shards, table: $0.table) }
        let card = try describe(
            content ?? .files(data.map { ($0.path, $0.digest) }), in: destination)
        let table = described.map { (CardFiles.table, $0.table, samples.count) }
        let files = data + [table].compactMap(\.self) + card
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

    /// The last name of the path that is written.
    private var name: String { String(options.output.split(separator: "/").last ?? "") }

    /// Writes what describes `content` into a folder, and returns its entries in a list of files.
    private func describe(_ content: CardFiles.Content, in destination: ExportDestination) throws
        -> [(path: String, digest: FileDigest, samples: Int)]
    {
        try CardFiles(
            facts: try CardFacts(samples, words: options.words), words: options.words,
            format: format.words, example: format.example(name)
        ).write(content, of: samples, into: destination.temporary).map { ($0.path, $0.digest, 0) }
    }
}
