internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Shards

/// A folder with `croissant.json`, metadata in the form of Croissant 1.1 (MLCommons), and
/// `samples.csv`.
///
/// It lists every shard with its SHA-256, and describes the table, field by field, as a set of
/// records. Croissant has no way yet to say where in an HDF5 file a record's field lies.
struct CroissantFormat: ExportFormat {
    let name = "croissant"
    let words = "Croissant metadata and samples.csv; a folder"
    let isFolder = true
    /// It describes the whole dataset.
    let options: Set<ExportOption> = [.baseURL, .describe]

    func check(_ options: ExportOptions) throws {
        if !options.selections.isEmpty {
            throw DatasetError(
                .usage, "croissant describes the whole dataset: leave out --selection")
        }
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.folder(task.options.output)
        let table = try TableFormat.write(task, to: "\(destination.temporary)/samples.csv")
        task.result.bytes = 0
        let base =
            task.options.baseURL
            ?? task.relativeFolder(from: "\(task.options.output)/croissant.json")
        let json = CroissantDocument(
            samples: task.samples, base: base, table: table, words: task.options.words
        ).json
        let own = try AtomicFile.write(
            json.prettyBytes, to: "\(destination.temporary)/croissant.json")
        try task.publish(
            folder: destination,
            files: [("croissant.json", own, 0), ("samples.csv", table, task.samples.count)])
        let wanted = ["license", "url", "creator", "datePublished"].filter {
            task.options.words[$0] == nil
        }
        if !wanted.isEmpty {
            task.result.notes.append(
                "Croissant asks for more than the dataset knows: add "
                    + wanted.map { "--describe \($0)=…" }.joined(separator: " "))
        }
        if task.options.baseURL == nil {
            task.result.notes.append(
                "the shards are named by the relative path '\(base)'; --base-url says where they "
                    + "will be")
        }
    }
}

/// Croissant metadata of a dataset (MLCommons Croissant Format Specification, version 1.1).
private struct CroissantDocument {
    let samples: ExportedSamples
    /// The folder of the shards, a URL or a path.
    let base: String
    let table: FileDigest
    let words: [String: String]

    var json: JSON {
        let id = samples.manifest.id.description
        let (rows, columns) = (samples.lattice.rows, samples.lattice.columns)
        var members: [String: JSON] = [
            "@context": CroissantDocument.context, "@type": .string("sc:Dataset"),
            "conformsTo": .string("http://mlcommons.org/croissant/1.1"),
            "name": .string("steadyset-\(id.prefix(16))"),
            "description": .string(
                "\(samples.count) steady states of a diffusion equation on \(rows) × \(columns) "
                    + "sites with the sources that produce them, made by Steadyset. The "
                    + "manifest's id is \(id). In each shard /x is the source image and /y the "
                    + "steady state, one sample a row."), "identifier": .string(id),
            "distribution": .array([tableObject] + samples.shards.map(shardObject)),
            "recordSet": .array([recordSet]),
        ]
        for (name, value) in words { members[name] = .string(value) }
        if let creator = words["creator"] {
            members["creator"] = .object(["@type": .string("sc:Person"), "name": .string(creator)])
        }
        return .object(members)
    }

    private var tableObject: JSON {
        .object([
            "@type": .string("cr:FileObject"), "@id": .string("samples.csv"),
            "name": .string("samples.csv"),
            "description": .string(
                "One line a sample: id, part, rank, certified error bound, place, sources."),
            "contentUrl": .string("samples.csv"), "encodingFormat": .string("text/csv"),
            "contentSize": .string("\(table.bytes) B"), "sha256": .string(table.sha256.description),
        ])
    }

    private func shardObject(_ shard: ExportedSamples.Shard) -> JSON {
        .object([
            "@type": .string("cr:FileObject"), "@id": .string(shard.file.path),
            "name": .string(shard.file.path), "contentUrl": .string("\(base)/\(shard.file.path)"),
            "encodingFormat": .string("application/x-hdf5"),
            "contentSize": .string("\(shard.file.bytes) B"),
            "sha256": .string(shard.file.sha256.description),
        ])
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
            ] + (ShardCoefficient.hasContrast(under: samples.physics) ? [contrast] : []) + [
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
