internal import CHDF5

extension HDF5.Facts {
    /// Checks that all of the dataset was written, into the file itself and by filters that the
    /// library has.
    ///
    /// The library returns zeros for what was never written, as a program leaves it that was
    /// killed.
    ///
    /// - Throws: `ShardsError` that names the filter, or the first row that is missing.
    func requireComplete(_ dataset: borrowing HDF5.Handle<HDF5.Dataset>, path: String)
        throws(ShardsError)
    {
        guard isContiguous || isCompact || chunk != nil else {
            throw ShardsError(
                .corrupt,
                "/\(name) of \(path) is not stored in the file itself: copy what it refers to "
                    + "into it", path: path)
        }
        // The corresponding C function is `H5Zfilter_avail`.
        // Ours are registered for their names alone, and work in this module, not in the library.
        let own = [BloscFrame.filter, BloscFrame.filter2, ChunkFilter.archiveNumber]
        for filter in filters where own.contains(filter) || H5Zfilter_avail(filter) <= 0 {
            let known = HDF5.pluginFilters[filter].map { " (\($0))" } ?? ""
            throw ShardsError(
                .corrupt,
                "/\(name) of \(path) is compressed by the HDF5 filter \(filter)\(known), which is "
                    + "a plug-in, and plug-ins are not loaded: write it with gzip, or without "
                    + "compression", path: path)
        }
        guard let (row, count) = try unwritten(in: dataset, path: path) else { return }
        let what =
            count.map { "\($0) of its chunks were never written, row \(row) the first" }
            ?? "it was never written"
        throw ShardsError(
            .corrupt,
            "/\(name) of \(path) is not complete: \(what): let the program that writes it end, or "
                + "take out what it did not write", path: path)
    }

    /// The first row that was never written, and how many chunks were not; nil for these where
    /// there are none; nil where all was.
    ///
    /// The corresponding C functions are `H5Dget_storage_size`, `H5Dget_num_chunks` and
    /// `H5Dget_chunk_storage_size`.
    private func unwritten(in dataset: borrowing HDF5.Handle<HDF5.Dataset>, path: String)
        throws(ShardsError) -> (row: Int, chunks: Int?)?
    {
        guard !shape.contains(0) else { return nil }
        guard let chunk else { return H5Dget_storage_size(dataset.id) > 0 ? nil : (0, nil) }
        let action = "inspect the dataset '\(name)' of"
        let counts = zip(shape, chunk).map { ($0 - 1) / max(1, $1) + 1 }
        var expected = 1
        for count in counts {
            let (product, isTooMany) = expected.multipliedReportingOverflow(by: count)
            guard !isTooMany else {
                throw ShardsError(
                    .corrupt, "/\(name) of \(path) has too many chunks", path: path)
            }
            expected = product
        }
        // Not H5S_ALL, which release 1.10 of the library does not take here.
        let space = try HDF5.Handle<HDF5.Space>(H5Dget_space(dataset.id), action, path: path)
        var stored: hsize_t = 0
        try HDF5.check(unsafe H5Dget_num_chunks(dataset.id, space.id, &stored), action, path: path)
        guard stored < hsize_t(expected) else { return nil }
        // In the order of rows; after at most `stored` of them one is missing.
        var place = [Int](repeating: 0, count: counts.count)
        for _ in 0...stored {
            let offset = zip(place, chunk).map { hsize_t($0 * $1) }
            var size: hsize_t = 0
            // A failure where any chunk is there, and 0 where none is: both say that this one is
            // not.
            if unsafe H5Dget_chunk_storage_size(dataset.id, offset, &size) < 0 || size == 0 {
                break
            }
            var axis = counts.count - 1
            while axis > 0, place[axis] == counts[axis] - 1 {
                place[axis] = 0
                axis -= 1
            }
            place[axis] += 1
        }
        return (min(place[0] * chunk[0], shape[0] - 1), expected - Int(stored))
    }
}

extension HDF5 {
    /// Filters that people meet, by their registered numbers, for messages; the library has none of
    /// them.
    static let pluginFilters: [Int32: String] = [
        305: "LZO", 307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4", 32008: "Bitshuffle",
        32013: "ZFP", 32015: "Zstandard", 32017: "SZ", 32026: "Blosc2",
    ]

    /// What numbers are of, for messages: `int64`, `uint16`, `float32`.
    ///
    /// The corresponding C functions are `H5Tget_class`, `H5Tget_size` and `H5Tget_sign`.
    static func words(for type: borrowing Handle<Datatype>) -> String {
        let bits = H5Tget_size(type.id).multipliedReportingOverflow(by: 8).partialValue
        switch H5Tget_class(type.id) {
        case H5T_INTEGER: return "\(H5Tget_sign(type.id) == H5T_SGN_NONE ? "u" : "")int\(bits)"
        case H5T_FLOAT: return "float\(bits)"
        case H5T_STRING: return "texts"
        default: return "what is no plain number"
        }
    }
}
