internal import Datasets
internal import Documents
internal import Fields
internal import Shards

/// Croissant metadata of a dataset (MLCommons Croissant Format Specification, version 1.1).
struct CroissantDocument {
    /// A file that it lists.
    struct File {
        /// Its URL or path, from the document.
        let url: String
        let name: String
        let bytes: Int
        let sha256: Digest
    }

    let facts: CardFacts
    /// What was said of the dataset on the command line, by members of schema.org.
    let words: [String: String]
    let files: [File]
    /// The size and the digest of `samples.csv` beside it; nil where there is none.
    let table: FileDigest?

    var json: JSON {
        var members: [String: JSON] = [
            "@context": CroissantDocument.context, "@type": .string("sc:Dataset"),
            "conformsTo": .string("http://mlcommons.org/croissant/1.1"),
            "name": .string(facts.about.title ?? "steadyset-\(facts.id.prefix(16))"),
            "description": .string(facts.summary), "identifier": .string(facts.id),
            "license": .string(SPDX.url(of: facts.license)),
            "citeAs": .string(
                "\(CitationFile.paper.title), \(CitationFile.paper.year), "
                    + "arXiv:\(CitationFile.paper.arXiv); dataset \(facts.id)"),
            "distribution": .array([table.map(tableObject)].compactMap(\.self) + files.map(object)),
        ]
        if table != nil { members["recordSet"] = .array([recordSet]) }
        members["url"] = facts.about.url.map(JSON.string)
        if !facts.about.creators.isEmpty {
            let persons = facts.about.creators.map {
                JSON.object(["@type": .string("sc:Person"), "name": .string($0)])
            }
            members["creator"] = persons.count == 1 ? persons[0] : .array(persons)
        }
        for name in ["datePublished", "citeAs", "version"] {
            if let value = words[name] { members[name] = .string(value) }
        }
        return .object(members)
    }

    private func tableObject(_ table: FileDigest) -> JSON {
        .object([
            "@type": .string("cr:FileObject"), "@id": .string("samples.csv"),
            "name": .string("samples.csv"),
            "description": .string(
                "One line a sample: id, part, rank, certified error bound, place, sources."),
            "contentUrl": .string("samples.csv"), "encodingFormat": .string("text/csv"),
            "contentSize": .string("\(table.bytes) B"), "sha256": .string(table.sha256.description),
        ])
    }

    private func object(_ file: File) -> JSON {
        .object([
            "@type": .string("cr:FileObject"), "@id": .string(file.name),
            "name": .string(file.name), "contentUrl": .string(file.url),
            "encodingFormat": .string(CroissantDocument.encoding(of: file.name)),
            "contentSize": .string("\(file.bytes) B"), "sha256": .string(file.sha256.description),
        ])
    }

    private static func encoding(of name: String) -> String {
        let endings = [
            "h5": "application/x-hdf5", "hdf5": "application/x-hdf5", "json": "application/json",
            "csv": "text/csv", "yaml": "application/yaml", "zstd": "application/zstd",
        ]
        return endings[String(name.split(separator: ".").last ?? "")] ?? "application/octet-stream"
    }

    private var recordSet: JSON {
        let contrast = ("contrast", "sc:Float", "largest diffusivity of the sample over the least")
        let fields: [(name: String, type: String, words: String)] =
            [
                ("id", "sc:Text", "16 hexadecimal digits made from the configuration"),
                ("part", "sc:Text", "train, validation or test"),
                ("rank", "sc:Integer", "place within the part; subsets are ranges of ranks"),
                ("n_sources", "sc:Integer", "number of sources"),
                ("error_bound", "sc:Float", "certified upper bound of the label's error"),
            ] + (ShardCoefficient.hasContrast(under: facts.manifest.physics) ? [contrast] : []) + [
                ("file", "sc:Text", "the shard"),
                ("row", "sc:Integer", "the row in the shard's datasets"),
                ("y_sha256", "sc:Text", "SHA-256 of y, little-endian binary32"),
                ("sources", "sc:Text", "JSON: row, column, shape and value of each source"),
            ]
        return .object([
            "@type": .string("cr:RecordSet"), "@id": .string("samples"), "name": .string("samples"),
            "description": .string(
                "The samples, training first, then validation and test, each by rank."),
            "key": .object(["@id": .string("samples/id")]),
            "field": .array(
                fields.map { field in
                    .object([
                        "@type": .string("cr:Field"), "@id": .string("samples/\(field.name)"),
                        "name": .string(field.name), "description": .string(field.words),
                        "dataType": .string(field.type),
                        "source": .object([
                            "fileObject": .object(["@id": .string("samples.csv")]),
                            "extract": .object(["column": .string(field.name)]),
                        ]),
                    ])
                }),
        ])
    }

    /// The context that the specification gives, term by term.
    private static let context: JSON = {
        var terms: [String: JSON] = [
            "@language": .string("en"), "@vocab": .string("https://schema.org/"),
            "sc": .string("https://schema.org/"), "cr": .string("http://mlcommons.org/croissant/"),
            "rai": .string("http://mlcommons.org/croissant/RAI/"),
            "dct": .string("http://purl.org/dc/terms/"), "conformsTo": .string("dct:conformsTo"),
            "data": .object(["@id": .string("cr:data"), "@type": .string("@json")]),
            "examples": .object(["@id": .string("cr:examples"), "@type": .string("@json")]),
            "dataType": .object(["@id": .string("cr:dataType"), "@type": .string("@vocab")]),
            "description": .object(["@container": .string("@language")]),
            "name": .object(["@container": .string("@language")]),
        ]
        for term in [
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract",
            "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray",
            "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
            "subField", "transform",
        ] { terms[term] = .string("cr:\(term)") }
        return .object(terms)
    }()
}
