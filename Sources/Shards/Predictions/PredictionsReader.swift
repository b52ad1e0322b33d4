internal import CHDF5
public import Fields
internal import Synchronization

/// Reads predicted fields, anybody's: an HDF5 file with `/id`, u64 (n), and `/y`, f32 (n, rows,
/// columns).
///
/// `/id` may be of signed integers of 64 bits, whose bits are then the ids; `/y` of any
/// floating-point numbers. Either may be in one piece, chunked, in any byte order, and compressed
/// by filters that the HDF5 library itself has (gzip, shuffle, Fletcher-32, …). What was never
/// written is refused, as it would read as zeros. Other datasets of the file are not looked at.
/// Fields are read one by one.
public final class PredictionsReader: Sendable {
    /// The file.
    public let path: String
    /// The lattice of the fields.
    public let lattice: Lattice
    /// The ids of the samples, each once, in the file's order.
    public let ids: [SampleID]
    /// Whether ids are stored as signed integers, of which the bits were taken.
    public let hasSignedIDs: Bool
    private let rows: [SampleID: Int]

    private struct Handles: ~Copyable, Sendable {
        let y: HDF5.Handle<HDF5.Dataset>
        let file: HDF5.Handle<HDF5.File>
    }
    private let handles: Mutex<Handles?>

    /// A chunk of more numbers is refused: it is held in memory while a row of it is read.
    private static let maximumChunk = 1 << 26

    /// Opens and checks the file at `path`; reads the ids.
    ///
    /// - Throws: `ShardsError`: `.notFound`, `.unreadable`, `.corrupt` where it has another form,
    ///   is not complete, or an id is there twice.
    public init(path: String) throws(ShardsError) {
        let bytes = try OpenFile.reading(path, followingLinks: true).size()
        self.path = path
        var numbers: [UInt64] = []
        var isSigned = false
        var sides: [Int] = []
        do {
            handles = Mutex(
                try HDF5.locked { () throws(ShardsError) -> Handles in
                    let file = try HDF5.openFile(path)
                    (numbers, isSigned) = try PredictionsReader.ids(
                        in: file.id, bytes: bytes, path: path)
                    let y = try HDF5.openDataset("y", in: file.id, path: path)
                    sides = try PredictionsReader.shape(of: y, samples: numbers.count, path: path)
                    return Handles(y: y, file: file)
                })
        } catch { throw error.asDamage }
        do { lattice = try Lattice(rows: sides[1], columns: sides[2]) } catch {
            throw ShardsError(.corrupt, "/y of \(path): \(error.message)", path: path)
        }
        hasSignedIDs = isSigned
        ids = numbers.map(SampleID.init(bits:))
        var rows: [SampleID: Int] = [:]
        for (row, id) in ids.enumerated() {
            if let first = rows.updateValue(row, forKey: id) {
                throw ShardsError(
                    .corrupt,
                    "the id \(id) is there twice in \(path), in rows \(first) and \(row): leave "
                        + "one of them out", path: path)
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
        } catch { throw error.asDamage }
    }

    /// The ids as their bits, and whether they are stored as signed integers.
    private static func ids(in file: hid_t, bytes: Int, path: String) throws(ShardsError) -> (
        [UInt64], Bool
    ) {
        let dataset = try HDF5.openDataset("id", in: file, path: path)
        let facts = try HDF5.Facts(of: dataset, name: "id", path: path)
        // A sample's field takes more of the file than that, however well it compresses.
        guard facts.shape.count == 1, facts.shape[0] <= min(bytes / 4, 1 << 32) else {
            throw ShardsError(
                .corrupt, "/id of \(path) has the shape \(facts.shape); expected is (samples)",
                path: path)
        }
        let type = try HDF5.Handle<HDF5.Datatype>(
            H5Dget_type(dataset.id), "inspect the dataset 'id' of", path: path)
        guard H5Tget_class(type.id) == H5T_INTEGER, H5Tget_size(type.id) == 8 else {
            throw ShardsError(
                .corrupt,
                "/id of \(path) is of \(HDF5.words(for: type)); ids are unsigned integers of 64 "
                    + "bits (uint64), which no other type holds: store them as such, with NumPy "
                    + "ids.astype(numpy.uint64)", path: path)
        }
        try facts.requireComplete(dataset, path: path)
        let isSigned = H5Tget_sign(type.id) == H5T_SGN_2
        // The library would make negative numbers 0, so signed ones are read as they are.
        let memory = isSigned ? steadyset_h5t_i64le() : steadyset_h5t_u64le()
        var values = [UInt64](repeating: 0, count: facts.shape[0])
        if !values.isEmpty {
            let (id, all) = (dataset.id, steadyset_h5s_all())
            let status = unsafe values.withUnsafeMutableBytes {
                unsafe H5Dread(id, memory, all, all, steadyset_h5p_default(), $0.baseAddress)
            }
            try HDF5.check(status, "read the dataset 'id' of", path: path)
        }
        return (values, isSigned)
    }

    /// The shape of `/y`, which must be floating-point fields of so many samples, stored in the
    /// file itself.
    private static func shape(of y: borrowing HDF5.Handle<HDF5.Dataset>, samples: Int, path: String)
        throws(ShardsError) -> [Int]
    {
        let facts = try HDF5.Facts(of: y, name: "y", path: path)
        guard facts.shape.count == 3, facts.shape[0] == samples,
            facts.shape.dropFirst().allSatisfy({ Lattice.sides.contains($0) })
        else {
            throw ShardsError(
                .corrupt,
                "/y of \(path) has the shape \(facts.shape); expected is (samples, rows, columns) "
                    + "with \(samples) samples, as /id has, and sides from "
                    + "\(Lattice.sides.lowerBound) to \(Lattice.sides.upperBound)", path: path)
        }
        let type = try HDF5.Handle<HDF5.Datatype>(
            H5Dget_type(y.id), "inspect the dataset 'y' of", path: path)
        guard H5Tget_class(type.id) == H5T_FLOAT else {
            throw ShardsError(
                .corrupt,
                "/y of \(path) is of \(HDF5.words(for: type)), not of floating-point numbers: "
                    + "store fields as float32", path: path)
        }
        guard
            (facts.chunk ?? []).reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue })
                <= maximumChunk
        else {
            throw ShardsError(
                .corrupt,
                "/y of \(path) has chunks of more than \(maximumChunk) numbers: make them smaller",
                path: path)
        }
        try facts.requireComplete(y, path: path)
        return facts.shape
    }
}
