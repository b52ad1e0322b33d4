internal import CHDF5
public import Fields
internal import Synchronization

/// Reads predicted fields, anybody's: an HDF5 file with `/id`, u64 (n), and `/y`, f32 (n, rows, columns).
///
/// `/y` may be of doubles, chunked, and compressed by a filter that the HDF5 library itself has (gzip). Other datasets of
/// the file are not looked at. Fields are read one by one.
public final class PredictionsReader: Sendable {
    /// The file.
    public let path: String
    /// The lattice of the fields.
    public let lattice: Lattice
    /// The ids of the samples, each once, in the file's order.
    public let ids: [SampleID]
    private let rows: [SampleID: Int]

    private struct Handles: ~Copyable, Sendable {
        let y: HDF5.Handle<HDF5.Dataset>
        let file: HDF5.Handle<HDF5.File>
    }
    private let handles: Mutex<Handles?>

    /// Opens and checks the file at `path`; reads the ids.
    ///
    /// - Throws: `ShardsError`: `.notFound`, `.unreadable`, `.corrupt` where it has another form, or an id is there twice.
    public init(path: String) throws(ShardsError) {
        let bytes = try OpenFile.reading(path, followingLinks: true).size()
        self.path = path
        var numbers: [UInt64] = []
        var sides: [Int] = []
        do {
            handles = Mutex(
                try HDF5.locked { () throws(ShardsError) -> Handles in
                    let file = try HDF5.openFile(path)
                    let id = try HDF5.openDataset("id", in: file.id, path: path)
                    let facts = try HDF5.Facts(of: id, name: "id", path: path)
                    guard facts.shape.count == 1, facts.shape[0] <= min(bytes / 8, 1 << 32) else {
                        throw ShardsError(
                            .corrupt, "/id of \(path) has the shape \(facts.shape); expected is (samples)", path: path)
                    }
                    numbers = try HDF5.Column<UInt64>(name: "id").read(
                        shape: facts.shape, from: file.id, path: path)
                    let y = try HDF5.openDataset("y", in: file.id, path: path)
                    sides = try PredictionsReader.shape(of: y, samples: numbers.count, path: path)
                    return Handles(y: y, file: file)
                })
        } catch {
            throw error.asDamage
        }
        do {
            lattice = try Lattice(rows: sides[1], columns: sides[2])
        } catch {
            throw ShardsError(.corrupt, "/y of \(path): \(error.message)", path: path)
        }
        ids = numbers.map(SampleID.init(bits:))
        var rows: [SampleID: Int] = [:]
        for (row, id) in ids.enumerated() {
            if let first = rows.updateValue(row, forKey: id) {
                throw ShardsError(
                    .corrupt,
                    "the id \(id) is there twice in \(path), in rows \(first) and \(row): leave one of them out",
                    path: path)
            }
        }
        self.rows = rows
    }

    deinit { HDF5.lockedForClosing { handles.withLock { $0 = nil } } }

    /// The row of the sample with `id`, or nil.
    public func row(of id: SampleID) -> Int? { rows[id] }

    /// Returns the field in `row`, (rows, columns).
    public func y(at row: Int) throws(ShardsError) -> [Float] {
        let shape = [ids.count, lattice.rows, lattice.columns]
        let dataset = handles.withLock { $0?.y.id }
        do {
            return try HDF5.locked { () throws(ShardsError) -> [Float] in
                try HDF5.Rows.read(row, of: dataset ?? -1, shape: shape, path: path)
            }
        } catch {
            throw error.asDamage
        }
    }

    /// The shape of `/y`, which must be floating-point fields of so many samples, stored in the file itself.
    private static func shape(
        of y: borrowing HDF5.Handle<HDF5.Dataset>, samples: Int, path: String
    ) throws(ShardsError) -> [Int] {
        let facts = try HDF5.Facts(of: y, name: "y", path: path)
        guard facts.shape.count == 3, facts.shape[0] == samples,
            facts.shape.dropFirst().allSatisfy({ Lattice.sides.contains($0) })
        else {
            throw ShardsError(
                .corrupt,
                "/y of \(path) has the shape \(facts.shape); expected is (samples, rows, columns) with \(samples) samples, as "
                    + "/id has, and sides from \(Lattice.sides.lowerBound) to \(Lattice.sides.upperBound)", path: path)
        }
        let type = try HDF5.Handle<HDF5.Datatype>(H5Dget_type(y.id), "inspect the dataset 'y' of", path: path)
        guard H5Tget_class(type.id) == H5T_FLOAT, facts.isContiguous || facts.chunk != nil else {
            throw ShardsError(
                .corrupt, "/y of \(path) is not of floating-point numbers that are stored in the file itself",
                path: path)
        }
        // A chunk is held in memory while a row of it is read.
        guard (facts.chunk ?? []).reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) <= 1 << 28 else {
            throw ShardsError(.corrupt, "/y of \(path) has chunks of more than 2^28 numbers", path: path)
        }
        return facts.shape
    }
}
