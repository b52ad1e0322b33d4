internal import Datasets

/// A format of another program that datasets are written in.
///
/// A format is one file, and a line in `ExportFormats.all`.
package protocol ExportFormat: Sendable {
    /// What the command calls it.
    var name: String { get }
    /// What it is and what is written, for the command's help: a part of a sentence.
    var words: String { get }
    /// Whether a folder is written; a file otherwise.
    var isFolder: Bool { get }
    /// The options that it takes, of those that not all formats do.
    var options: Set<ExportOption> { get }

    /// Whether it is made of fields, which shards of a recipe do not hold.
    var needsFields: Bool { get }

    /// Python that opens the export, for its card: it runs in the folder that holds `name`, the
    /// file, or in the export's own where that is a folder.
    func example(_ name: String) -> String

    /// Checks what the format alone knows of its options, before anything is read.
    ///
    /// - Throws: `DatasetError` of kind `.usage`.
    func check(_ options: ExportOptions) throws

    /// Writes the export.
    ///
    /// - Throws: `DatasetError` where the format cannot hold the samples, or they are damaged; the
    ///   destination is then as it was.
    func write(_ task: ExportTask) throws
}

extension ExportFormat {
    package var needsFields: Bool { true }

    package func check(_: ExportOptions) throws {}
}
