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
    let options: Set<ExportOption> = [.baseURL]
    let needsFields = false

    func check(_ options: ExportOptions) throws {
        if !options.selections.isEmpty {
            throw DatasetError(
                .usage, "croissant describes the whole dataset: leave out --selection")
        }
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.folder(task.options.output)
        let base =
            task.options.baseURL
            ?? task.relativeFolder(from: "\(task.options.output)/croissant.json")
        let table = try TableFormat.write(task, beside: destination)
        try task.publish(folder: destination, files: [], describing: (base, table))
        if task.options.baseURL == nil {
            task.result.notes.append(
                "the shards are named by the relative path '\(base)'; --base-url says where they "
                    + "will be")
        }
    }

    func example(_: String) -> String {
        """
        import mlcroissant                   # pip install mlcroissant

        dataset = mlcroissant.Dataset("croissant.json")
        print(next(iter(dataset.records("samples"))))
        """
    }
}
