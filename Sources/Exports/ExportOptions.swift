package import Documents

/// How fields are stored in the formats made of HDF5 files of their own.
package enum ExportedCodec: String, Sendable, CaseIterable {
    /// Plain numbers, which every HDF5 library reads.
    case raw
    /// The shards' own chunks, carried over as they are; readers need the blosc filter
    /// (hdf5plugin).
    case blosc
}

/// The options that not all formats take.
package enum ExportOption: String, Sendable, CaseIterable {
    case selection = "--selection"
    case baseURL = "--base-url"
    case codec = "--codec"
}

/// What to export, and how.
package struct ExportOptions: Sendable {
    /// A dataset's folder, or its folder `pack`.
    package var dataset: String
    /// The file or folder to write.
    package var output: String
    /// Selections; a sample is taken where any of them has it, every sample where there are none.
    package var selections: [String] = []
    /// Where the shards will be found; their relative path where it is nil.
    package var baseURL: String?
    /// How fields are stored.
    package var codec = ExportedCodec.raw
    /// Threads; nil for all cores.
    package var threads: Int?
    /// What to say of the dataset beside its content, such as `license`.
    package var words: [String: String] = [:]

    /// The names that `words` has: members of schema.org's Dataset.
    package static let members = [
        "name", "description", "license", "url", "creator", "datePublished", "citeAs", "version",
    ]

    /// Options with defaults for all but these.
    package init(dataset: String, output: String) {
        self.dataset = dataset
        self.output = output
    }

    /// Those that are given of the options that not all formats take.
    var given: Set<ExportOption> {
        var given: Set<ExportOption> = []
        if !selections.isEmpty { given.insert(.selection) }
        if baseURL != nil { given.insert(.baseURL) }
        if codec != .raw { given.insert(.codec) }
        return given
    }
}

/// What was written.
package struct ExportResult: Sendable {
    /// Number of samples.
    package internal(set) var samples = 0
    /// Number of files.
    package internal(set) var files = 0
    /// Bytes of all files.
    package internal(set) var bytes = 0
    /// What the user should know of this export.
    package internal(set) var notes: [String] = []

    /// The result for machines.
    package var json: JSON {
        .object([
            "samples": .integer(samples), "files": .integer(files), "bytes": .integer(bytes),
            "notes": .array(notes.map(JSON.string)),
        ])
    }
}
