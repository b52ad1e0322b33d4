internal import Foundation
internal import Shards

/// What a file seems to be, by its first bytes and its name: for those who name one in the place of
/// another.
package enum FileKind {
    case hdf5, weights, lines, json, yaml, table, numpy, png, other

    /// Looks at the regular file at `path`.
    package init(of path: String) throws {
        let start = try OpenFile.reading(path).start(4096)
        let name = path.lowercased()
        func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        let isObject = start.first { ![9, 10, 13, 32].contains($0) } == UInt8(ascii: "{")
        if begins([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]) {
            self = .hdf5
        } else if start.count > 8, start[8] == UInt8(ascii: "{"),
            start[4..<8].allSatisfy({ $0 == 0 })
        {
            self = .weights
        } else if begins([0x89, 0x50, 0x4E, 0x47]) {
            self = .png
        } else if begins([0x93] + Array("NUMPY".utf8)) {
            self = .numpy
        } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            self = .yaml
        } else if isObject {
            self = name.hasSuffix(".json") ? .json : .lines
        } else {
            self = name.hasSuffix(".csv") ? .table : .other
        }
    }

    /// What it is and which command takes it, for people.
    package var words: String {
        switch self {
        case .hdf5: "is an HDF5 file"
        case .weights:
            "holds the weights of a model (safetensors): name the folder of its training, or give "
                + "it to 'steadyset predict' and 'evaluate' with --model"
        case .lines:
            "holds lines of JSON, such as configurations: give them to 'steadyset run', 'predict' "
                + "or 'evaluate' with --from"
        case .json: "is a JSON document: name the folder that it is in"
        case .yaml:
            "is a pipeline file: 'steadyset plan' shows its steps, 'steadyset run --dry-run' what "
                + "is to do"
        case .table: "is a table (CSV)"
        case .numpy: "is a NumPy file"
        case .png: "is an image"
        case .other: "is of no kind that Steadyset writes"
        }
    }
}
