internal import Datasets
internal import Documents
internal import Fields
internal import Shards

/// The files that describe an export, written into its folder.
struct CardFiles {
    /// What they describe.
    enum Content {
        /// The shards in a folder, a URL or a path from the card, with the table of their samples.
        case shards(in: String, table: FileDigest)
        /// Files of an export, by their path from the card.
        case files([(path: String, digest: FileDigest)])
    }

    let facts: CardFacts
    /// What was said on the command line.
    let words: [String: String]
    /// What the files of the export are.
    let format: String
    /// Python that opens them.
    let example: String

    /// The name of the table of samples.
    static let table = "samples.csv"

    /// Writes them into `folder`, and returns what was written.
    func write(_ content: Content, of samples: ExportedSamples, into folder: String) throws
        -> [(path: String, digest: FileDigest)]
    {
        var written: [(path: String, digest: FileDigest)] = []
        func write(_ name: String, _ bytes: [UInt8]) throws {
            written.append((name, try AtomicFile.write(bytes, to: "\(folder)/\(name)")))
        }
        var card = CardText(facts: facts, format: nil, example: example)
        var table: FileDigest?
        let files: [CroissantDocument.File]
        switch content {
        case .shards(let place, let own):
            table = own
            files = samples.shards.map { shard in
                CroissantDocument.File(
                    url: "\(place)/\(shard.file.path)", name: shard.file.path,
                    bytes: shard.file.bytes, sha256: shard.file.sha256)
            }
        case .files(let data):
            card.format = format
            files = data.map { path, digest in
                CroissantDocument.File(
                    url: path, name: path, bytes: digest.bytes, sha256: digest.sha256)
            }
        }
        try write("README.md", Array(card.text.utf8))
        let croissant = CroissantDocument(facts: facts, words: words, files: files, table: table)
        try write("croissant.json", croissant.json.prettyBytes)
        try write("CITATION.cff", Array(CitationFile(facts: facts).text.utf8))
        try write("LICENSE", Array(license.utf8))
        if let pipeline = facts.pipeline { try write("pipeline.json", pipeline.prettyBytes) }
        return written
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
