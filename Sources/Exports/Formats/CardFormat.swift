internal import Datasets

/// A folder with what describes a dataset, to lie beside its folder `pack`: the card `README.md`,
/// `croissant.json` with `samples.csv`, `CITATION.cff`, `LICENSE`, and the recipe `pipeline.json`.
struct CardFormat: ExportFormat {
    let name = "card"
    let words = "a card, with metadata, citation, licence, recipe; a folder"
    let isFolder = true
    /// It describes the whole dataset.
    let options: Set<ExportOption> = [.baseURL]
    let needsFields = false

    func check(_ options: ExportOptions) throws {
        if !options.selections.isEmpty {
            throw DatasetError(.usage, "card describes the whole dataset: leave out --selection")
        }
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.folder(task.options.output)
        let table = try TableFormat.write(task, beside: destination)
        let shards = task.options.baseURL ?? Stage.pack.rawValue
        try task.publish(folder: destination, files: [], describing: (shards, table))
    }

    func example(_: String) -> String {
        """
        import steadyset                     # pip install steadyset

        dataset = steadyset.open(".")        # the folder of this card, or its URL
        train = dataset.select(part="train")
        print(len(train), train[0].x.shape, train[0].y.max(), train[0].error_bound)
        """
    }
}
