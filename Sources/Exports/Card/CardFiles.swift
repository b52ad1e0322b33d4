internal import Datasets
internal import Documents
internal import Fields
internal import Shards

/// The files that describe an export, written into its folder.
struct CardFiles {
    let task: ExportTask
    let facts: CardFacts
    let format: any ExportFormat

    init(_ task: ExportTask) throws {
        (self.task, format) = (task, task.format)
        facts = try CardFacts(task.samples, words: task.options.words)
    }

    /// Writes them into `folder`, and returns their entries in a list of files.
    ///
    /// - Parameters:
    ///   - data: the files of the export, by their path from the card.
    ///   - shards: the folder of the shards, a URL or a path, where those are what is described.
    func write(
        into folder: String, data: [(path: String, digest: FileDigest)], shardsAt shards: String?
    ) throws -> [(path: String, digest: FileDigest, samples: Int)] {
        var files: [(path: String, digest: FileDigest, samples: Int)] = []
        func write(_ name: String, _ bytes: [UInt8]) throws {
            files.append((name, try AtomicFile.write(bytes, to: "\(folder)/\(name)"), 0))
        }
        let example = format.example(ExportTask.lastName(of: task.options.output))
        try write(
            "README.md",
            Array(
                CardText(
                    facts: facts, format: shards == nil ? format.words : nil, example: example
                ).text.utf8))
        let listed =
            shards.map { place in
                task.samples.shards.map { shard in
                    CroissantDocument.File(
                        url: "\(place)/\(shard.file.path)",
                        name: shard.file.path, bytes: shard.file.bytes, sha256: shard.file.sha256)
                }
            }
            ?? data.map {
                CroissantDocument.File(
                    url: $0.path, name: $0.path, bytes: $0.digest.bytes, sha256: $0.digest.sha256)
            }
        let table = shards == nil ? nil : data.first { $0.path == ExportTask.table }?.digest
        try write(
            "croissant.json",
            CroissantDocument(
                facts: facts, words: task.options.words, files: listed, table: table
            ).json.prettyBytes)
        try write("CITATION.cff", Array(CitationFile(facts: facts).text.utf8))
        try write("LICENSE", Array(license.utf8))
        if let pipeline = facts.pipeline { try write("pipeline.json", pipeline.prettyBytes) }
        return files
    }

    private var license: String {
        let names = facts.about.creators.joined(separator: ", ")
        let creators = names.isEmpty ? "" : " by \(names)"
        return """
            \(facts.title)\(creators)
            Dataset \(facts.id)

            SPDX-License-Identifier: \(facts.license)
            \(SPDX.url(of: facts.license))

            """
    }
}
