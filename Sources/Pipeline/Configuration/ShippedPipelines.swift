internal import Datasets
internal import Documents

/// The pipelines that are part of the program: those of `pipelines/`, by their names.
public enum ShippedPipelines {
    private static let suffix = ".yaml"

    /// Their names, in order.
    public static let names = EmbeddedFiles.names.filter { $0.hasSuffix(suffix) }
        .map { String($0.dropLast(suffix.count)) }.sorted()

    /// The text of one.
    ///
    /// - Throws: `PipelineError` of kind `.usage` where there is none of that name.
    public static func text(of name: String) throws -> String {
        guard let bytes = EmbeddedFiles.bytes(of: name + suffix) else {
            throw PipelineError(
                .usage, "no pipeline '\(name)' comes with the program; \(others(than: name))")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a command that was given `path` reads: the file of that path, else the pipeline of that
    /// name. A folder may have the same name, such as the dataset that was made with it.
    ///
    /// - Throws: `DatasetError`: `.noInput` where there is neither.
    static func read(_ path: String) throws -> [UInt8] {
        let isFolder = InputFile.isFolder(path)
        if isFolder != false, let bytes = EmbeddedFiles.bytes(of: path + suffix) { return bytes }
        if isFolder == nil, !path.contains("/"), !path.contains(".") {
            throw DatasetError(
                .noInput,
                "\(path): there is no such file, and no pipeline of that name comes with the "
                    + "program; \(others(than: path))")
        }
        return try InputFile.read(path, maximumBytes: PipelineFile.maximumBytes)
    }

    /// What to say where there is none called `name`: which there are.
    private static func others(than name: String) -> String {
        let near = EditDistance.nearest(to: name, among: names).map { "; did you mean '\($0)'?" }
        return "these do: " + names.joined(separator: ", ") + (near ?? "")
    }
}
