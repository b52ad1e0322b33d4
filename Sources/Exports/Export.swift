internal import Datasets
public import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// Writes a dataset, or a selection of it, in the format of another program.
///
/// An export holds the same values as the shards, bit for bit, and the same ids: each y that is
/// decoded on the way is compared with its SHA-256. It appears under its name only when it is
/// complete, and replaces nothing. Its bytes depend on the dataset and the options alone, and where
/// they are compressed on the release of zstd. Memory does not grow with the number of samples, but
/// for about 100 bytes each.
public enum Export {
    /// The formats. Each is an extension in a file of its own (`Export+Kerchunk`, `Export+MDS`, …).
    public enum Format: String, Sendable, CaseIterable {
        /// References of the whole dataset as one virtual Zarr, as kerchunk and fsspec read them; a
        /// JSON file.
        case kerchunk
        /// One HDF5 file whose x and y are those of the shards (a virtual dataset).
        case vds
        /// MosaicML Streaming's shards; a folder.
        case mds
        /// The Well's format; a folder.
        case theWell = "the-well"
        /// PDEBench's format of Darcy flow; one HDF5 file.
        case pdebench
        /// Croissant metadata and the table that it describes; a folder.
        case croissant
        /// A table of the samples with their places and sources; a CSV file.
        case csv

        /// What it is and what is written, in a few words, for `--help`.
        public var words: String {
            switch self {
            case .kerchunk: "references for kerchunk and xarray: one virtual Zarr; a file .json"
            case .vds: "one virtual HDF5 file over the shards; a file .h5"
            case .mds: "MosaicML Streaming's shards with zstd; a folder"
            case .theWell: "The Well's format; a folder"
            case .pdebench: "PDEBench's Darcy format; a file .hdf5"
            case .croissant: "Croissant metadata and samples.csv; a folder"
            case .csv: "a table of the samples; a file .csv"
            }
        }
    }

    /// How fields are stored in the formats made of HDF5 files of their own.
    public enum Codec: String, Sendable, CaseIterable {
        /// Plain numbers, which every HDF5 library reads.
        case raw
        /// The shards' own chunks, carried over as they are; readers need the blosc filter
        /// (hdf5plugin).
        case blosc
    }

    /// What to export, and how.
    public struct Options: Sendable {
        /// The format.
        public var format: Format
        /// A dataset's folder, or its folder `pack`.
        public var dataset: String
        /// The file or folder to write.
        public var output: String
        /// Selections; a sample is taken where any of them has it, every sample where there are
        /// none.
        public var selections: [String] = []
        /// Where the shards will be found, for `kerchunk` and `croissant`; their relative path
        /// where it is nil.
        public var baseURL: String?
        /// For `the-well` and `pdebench`.
        public var codec = Codec.raw
        /// Threads; nil for all cores.
        public var threads: Int?
        /// What `croissant` says of the dataset beside its content, such as `license`.
        public var words: [String: String] = [:]

        /// Options with defaults for all but these.
        public init(format: Format, dataset: String, output: String) {
            self.format = format
            self.dataset = dataset
            self.output = output
        }
    }

    /// What was written.
    public struct Result: Sendable {
        /// Number of samples.
        public internal(set) var samples = 0
        /// Number of files.
        public internal(set) var files = 0
        /// Bytes of all files.
        public internal(set) var bytes = 0
        /// What the user should know of this export.
        public internal(set) var notes: [String] = []

        /// The result for machines.
        public var json: JSON {
            .object([
                "samples": .integer(samples), "files": .integer(files), "bytes": .integer(bytes),
                "notes": .array(notes.map(JSON.string)),
            ])
        }
    }

    /// The words that `croissant` takes: members of schema.org's Dataset.
    public static let words = [
        "name", "description", "license", "url", "creator", "datePublished", "citeAs", "version",
    ]

    /// Writes an export.
    ///
    /// - Parameter progress: Called now and then with the number of samples done and to be done, on
    ///   any thread.
    /// - Throws: `PipelineError`: `.usage` for options that do not belong to the format, `.noInput`
    ///   where there is no packed dataset, `.data` where it is damaged, its selections lack a name
    ///   or the format cannot hold it, `.cannotCreate` where something is at the output already.
    public static func perform(_ options: Options, progress: @escaping (Int, Int) -> Void) throws
        -> Result
    {
        Interruption.listen()
        try check(options)
        let samples = try ExportedSamples(options.dataset, selections: options.selections)
        let task = ExportTask(
            samples: samples, options: options,
            threads: options.threads ?? ProcessInfo.processInfo.activeProcessorCount,
            progress: progress)
        do {
            switch options.format {
            case .kerchunk: try task.kerchunk()
            case .vds: try task.virtualDataset()
            case .mds: try task.mds()
            case .theWell: try task.theWell()
            case .pdebench: try task.pdebench()
            case .croissant: try task.croissant()
            case .csv: try task.table()
            }
        } catch let error as Interrupted {
            let status = PipelineError(error).status
            throw PipelineError(status, "\(status): \(options.output) was not written")
        }
        return task.result
    }

    private static func check(_ options: Options) throws {
        func refuse(_ option: String, _ formats: String) -> PipelineError {
            PipelineError(
                .usage, "\(option) goes with \(formats), not with " + "\(options.format.rawValue)")
        }
        if options.output.isEmpty { throw PipelineError(.usage, "--output needs a name") }
        if [.mds, .theWell, .croissant].contains(options.format) {
            try OutputPlace.check(dataset: options.output)
        } else {
            try OutputPlace.check(file: options.output)
        }
        if options.baseURL != nil, ![.kerchunk, .croissant].contains(options.format) {
            throw refuse("--base-url", "kerchunk and croissant")
        }
        if options.codec != .raw, ![.theWell, .pdebench].contains(options.format) {
            throw refuse("--codec", "the-well and pdebench")
        }
        if !options.words.isEmpty, options.format != .croissant {
            throw refuse("--describe", "croissant")
        }
        if let word = options.words.keys.sorted().first(where: { !words.contains($0) }) {
            throw PipelineError(
                .usage,
                "--describe does not know '\(word)': there are \(words.joined(separator: ", "))")
        }
        if options.format == .croissant, !options.selections.isEmpty {
            throw PipelineError(
                .usage, "croissant describes the whole dataset: leave out " + "--selection")
        }
    }
}
