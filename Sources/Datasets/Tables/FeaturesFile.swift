internal import Foundation
package import Shards

/// What a model makes of samples, as a NumPy file: float32, (samples, width), rows as in
/// `errors.csv`.
///
/// Rows are written as they come; how many there are is set right in the end.
package struct FeaturesFile {
    package static let name = "features.npy"

    /// Numbers in a row.
    package let width: Int
    package private(set) var rows = 0
    private let path: String
    private let writer: AtomicFile.Writer

    /// Begins the file in `folder`; it appears when it is committed.
    package init(in folder: String, width: Int) throws {
        self.width = width
        path = "\(folder)/\(FeaturesFile.name)"
        writer = try AtomicFile.Writer(path, start: NumPyFile.header(rows: 0, columns: width))
    }

    /// Appends whole rows.
    package mutating func append(_ values: [Float]) throws {
        precondition(values.count % width == 0, "rows are whole")
        rows += values.count / width
        try writer.append(FieldBytes.bytes(of: values))
    }

    /// Makes the file appear; returns its size and digest.
    package func commit() throws -> FileDigest {
        try writer.commit(start: NumPyFile.header(rows: rows, columns: width))
    }
}
