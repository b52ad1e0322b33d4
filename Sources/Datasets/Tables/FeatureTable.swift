package import Fields
package import Sampling
internal import Shards

/// Features of samples, as `evaluate --features` writes them: a NumPy file of float32, (samples,
/// width).
package struct FeatureTable {
    private let path: String
    private let width: Int
    private let values: [Float]
    private let rows: [SampleID: Int]

    /// A larger file is refused.
    private static let maximumBytes = 4 << 30

    /// Reads the features of `ids`, the samples of the rows.
    ///
    /// - Throws: `DatasetError` where the file is none of that form, has another number of rows, or
    ///   is not what the manifest beside it lists.
    package init(path: String, ids: [SampleID]) throws {
        self.path = path
        let bytes = try InputFile.read(path, maximumBytes: FeatureTable.maximumBytes)
        try ListedTable.check(bytes, of: path)
        guard let (shape, start) = NumPyFile.float32Header(bytes), shape.count == 2, shape[1] > 0
        else {
            throw DatasetError(.data, "\(path): is not a NumPy file of float32, (samples, width)")
        }
        guard shape[0] == ids.count else {
            throw DatasetError(
                .data,
                "\(path): has \(shape[0]) rows, the table beside it \(ids.count) samples")
        }
        let (count, isTooMany) = shape[0].multipliedReportingOverflow(by: shape[1])
        guard !isTooMany, count <= bytes.count / 4, bytes.count - start == 4 * count else {
            throw DatasetError(.data, "\(path): ends early, or goes on too long")
        }
        width = shape[1]
        let width = shape[1]
        values = (0..<count).map { place in
            let at = start + 4 * place
            return Float(
                bitPattern: UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2])
                    << 16 | UInt32(bytes[at + 3]) << 24)
        }
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            let (row, column) = place.quotientAndRemainder(dividingBy: width)
            throw DatasetError(
                .data,
                "\(path): row \(row), of sample \(ids[row]), has the feature \(values[place]) in "
                    + "column \(column): features are finite numbers")
        }
        rows = Dictionary(zip(ids, ids.indices)) { first, _ in first }
    }

    /// The rows of `ids`, in this order.
    package func features(of ids: [SampleID]) throws -> Features {
        var chosen: [Float] = []
        chosen.reserveCapacity(ids.count * width)
        for id in ids {
            guard let row = rows[id] else {
                throw DatasetError(.data, "\(path): has no row of sample \(id)")
            }
            chosen += values[row * width..<(row + 1) * width]
        }
        return try Features(width: width, values: chosen)
    }
}
