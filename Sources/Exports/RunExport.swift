internal import Datasets
internal import Foundation
internal import Parallel
internal import Shards

/// Writes a dataset, or a selection of it, in the format of another program.
///
/// An export holds the same values as the shards, bit for bit, and the same ids: each y that is
/// decoded on the way is compared with its SHA-256. It appears under its name only when it is
/// complete, and replaces nothing. Its bytes depend on the dataset and the options alone, and where
/// they are compressed on the release of zstd. Memory does not grow with the number of samples, but
/// for about 100 bytes each.
///
/// - Parameter progress: Called now and then with the number of samples done and to be done, on any
///   thread.
/// - Throws: `DatasetError`: `.usage` for options that do not belong to the format, `.noInput`
///   where there is no packed dataset, `.data` where it is damaged, its selections lack a name or
///   the format cannot hold it, `.cannotCreate` where something is at the output already.
package func runExport(
    _ format: any ExportFormat, _ options: ExportOptions, progress: @escaping (Int, Int) -> Void
) throws -> ExportResult {
    Interruption.listen()
    try ExportFormats.check(options, of: format)
    let task = ExportTask(
        format: format,
        samples: try ExportedSamples(
            options.dataset, selections: options.selections, needsFields: format.needsFields),
        options: options,
        threads: options.threads ?? Cores.usable,
        progress: progress)
    guard options.codec != .blosc || task.samples.manifest.codec.isStandard else {
        throw DatasetError(
            .data,
            "\(task.samples.folder) is packed with the codec "
                + "'\(task.samples.manifest.codec.name)': '--codec blosc' copies chunks of standard "
                + "shards, so leave it out, or unpack the dataset first")
    }
    do {
        // What describes a single file lies in a folder beside it.
        if !format.isFolder { task.card = try ExportDestination.card(of: options.output) }
        try format.write(task)
        try task.publishCard(of: options.output)
    } catch let error as Interrupted {
        let kind = DatasetError(error).kind
        throw DatasetError(
            kind, "\(kind): \(options.output) was not written: run the same command again")
    }
    return task.result
}
