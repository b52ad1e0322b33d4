package import Fields
package import Sampling
internal import Shards

/// Features of samples, as `evaluate --features` writes them: a NumPy file of float32, (samples,
/// width), whose rows are read as they are needed.
package struct FeatureTable {
    private let path: String
    private let file: FeatureFile
    private let rows: [SampleID: Int]

    /// Opens the features of `ids`, the samples of the rows, and reads the file once.
    ///
    /// - Throws: `DatasetError` where the file is none of that form, has another number of rows, or
    ///   is not what the manifest beside it lists.
    package init(path: String, ids: [SampleID]) throws {
        self.path = path
        guard let rows = try NumPyRows(path: path) else {
            throw DatasetError(
                .data,
                "\(path): is not a NumPy file of float32, (samples, width): evaluate again with "
                    + "--features")
        }
        guard rows.count == ids.count else {
            throw DatasetError(
                .data,
                "\(path): has \(rows.count) rows, the table beside it \(ids.count) samples")
        }
        let (digest, notFinite) = try rows.check()
        try ListedTable.check(digest, of: path)
        if let notFinite {
            throw DatasetError(
                .data,
                "\(path): row \(notFinite.row), of sample \(ids[notFinite.row]), has the feature "
                    + "\(notFinite.value) in column \(notFinite.column): features are finite "
                    + "numbers")
        }
        file = FeatureFile(rows: rows)
        self.rows = Dictionary(zip(ids, ids.indices)) { first, _ in first }
    }

    /// The rows of `ids`, in this order.
    package func features(of ids: [SampleID]) throws -> Features {
        var chosen: [Int] = []
        chosen.reserveCapacity(ids.count)
        for id in ids {
            guard let row = rows[id] else {
                throw DatasetError(.data, "\(path): has no row of sample \(id)")
            }
            chosen.append(row)
        }
        return Features(file, rows: chosen)
    }

    private struct FeatureFile: FeatureStore {
        let rows: NumPyRows

        var width: Int { rows.width }

        func copy(_ row: Int, into values: inout [Float], at start: Int) throws(SamplingError) {
            do { try rows.copy(row, into: &values, at: start) } catch {
                throw SamplingError(.unreadable, error.description)
            }
        }
    }
}
