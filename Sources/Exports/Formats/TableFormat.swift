internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// One line a sample (RFC 4180, but with line feeds), with a line of names.
struct TableFormat: ExportFormat {
    let name = "csv"
    let words = "a table of the samples; a file .csv"
    let isFolder = false
    let options: Set<ExportOption> = [.selection]
    let needsFields = false

    func example(_ name: String) -> String {
        """
        import csv

        with open("\(name)", newline="") as file:
            print(next(csv.DictReader(file)))
        """
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.file(task.options.output)
        try TableFormat.write(task, to: destination.path)
        task.result.files = 1
    }

    /// Writes the table into a folder that is described by it.
    static func write(_ task: ExportTask, beside destination: ExportDestination) throws
        -> FileDigest
    {
        let digest = try write(task, to: "\(destination.temporary)/\(CardFiles.table)")
        // Files are counted when all are there.
        task.result.bytes = 0
        return digest
    }

    /// Writes the table to `path`, which appears when it is complete; returns its size and digest.
    @discardableResult static func write(_ task: ExportTask, to path: String) throws -> FileDigest {
        let writer = try AtomicFile.Writer(path)
        // Shards of a recipe have no chunks, which lie nowhere.
        let sizes =
            task.samples.manifest.codec.labels == nil
            ? []
            : ["offset", "x_bytes", "y_bytes"]
                + task.samples.drawn.map { "\($0.coefficient.rawValue)_bytes" }
        let hasContrast = ShardCoefficient.hasContrast(under: task.samples.physics)
        let names =
            ["id", "part", "rank", "n_sources", "index", "error_bound"]
            + (hasContrast ? ["contrast"] : [])
            + ["file", "row"] + sizes + ["y_sha256", "keys", "sources"]
        func write(_ line: String) throws {
            let bytes = Array(line.utf8)
            task.result.bytes += bytes.count
            try writer.append(bytes)
        }
        try write(names.joined(separator: ",") + "\n")
        for (number, shard) in task.samples.shards.enumerated() {
            try Interruption.check()
            let reader = try task.samples.reader(number)
            let locations = sizes.isEmpty ? [] : try reader.locations()
            var text = ""
            for row in shard.rows {
                let sources = JSON.array(try reader.sources(at: row).map(\.json)).canonicalText
                let keys = JSON.array(reader.keys(at: row).map { .integer(Int($0)) }).canonicalText
                let numbers =
                    [
                        "\(reader.ids[row])", shard.part.rawValue, "\(reader.ranks?[row] ?? 0)",
                        "\(reader.sourceCounts[row])", "\(reader.indices[row])",
                        JSON.number(reader.errorBounds[row]).canonicalText,
                    ]
                    + (hasContrast
                        ? [reader.contrasts.map { JSON.number($0[row]).canonicalText } ?? ""] : [])
                    + [quoted(shard.file.path), "\(row)"]
                    + (sizes.isEmpty
                        ? []
                        : ["\(locations[row].offset)"] + locations[row].sizes.map { "\($0)" })
                let rest = [
                    reader.ySHA256s[row].description, quoted(keys),
                    quoted(sources),
                ]
                text += (numbers + rest).joined(separator: ",") + "\n"
            }
            try write(text)
            task.advance(shard.rows.count)
        }
        return try writer.commit()
    }

    /// A field of the table; in quotes where it has to be.
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
