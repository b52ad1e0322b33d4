internal import CHDF5

/// Writes an HDF5 file of any layout, for the formats of other programs: groups, arrays, chunks,
/// virtual datasets.
///
/// The same calls make the same bytes. Until `finish()` the file is not valid; an error, or
/// dropping the writer, removes it. One thread at a time may use a writer. Objects are named by
/// their path from the root, `/t0_fields/field`; groups must exist before what they hold. How
/// values become HDF5's is in `HDF5Document+Values`.
package final class HDF5Document {
    /// The file that is written, a temporary one as a rule.
    package let path: String
    /// The number of the open file, -1 once it is closed. Every use happens inside HDF5's lock.
    private var file: hid_t = -1
    /// Open datasets that chunks are written to, by name.
    private var chunked: [String: hid_t] = [:]
    private let output: OutputFile

    /// Creates the file; what lies at `path` is removed.
    ///
    /// - Parameters:
    ///   - path: the temporary file (`AtomicFile.temporary(for:)`).
    ///   - chunks: how many chunks it will have: their index is kept in one place.
    package init(path: String, chunks: Int = 0) throws(ShardsError) {
        self.path = path
        output = try OutputFile(path)
        do {
            file = try HDF5.locked { [output] (driver) throws(ShardsError) in
                try HDF5.createFile(output, driver: driver, metadataBytes: 8192 + 24 * chunks)
                    .release()
            }
            try output.check()
        } catch {
            let first = output.failure ?? error
            abandon()
            throw first
        }
    }

    deinit { abandon() }

    /// Creates a group, without times. The corresponding C function is `H5Gcreate2`.
    package func makeGroup(_ name: String) throws(ShardsError) {
        try perform { () throws(ShardsError) in
            let action = "create the group '\(name)' of"
            let standard = steadyset_h5p_default()
            let properties = try HDF5.Handle<HDF5.Properties>(
                H5Pcreate(steadyset_h5p_group_create()), action, path: path)
            try HDF5.check(H5Pset_obj_track_times(properties.id, false), action, path: path)
            try HDF5.Handle<HDF5.Group>(
                unsafe H5Gcreate2(file, name, standard, properties.id, standard), action, path: path
            ).close(action, path: path)
        }
    }

    /// Sets an attribute of the group or dataset `object`; "/" is the root. The corresponding C
    /// function is `H5Oopen`.
    package func setAttribute(_ name: String, of object: String, to value: Value)
        throws(ShardsError)
    {
        try perform { () throws(ShardsError) in
            let action = "write the attribute '\(name)' of '\(object)' in"
            let owner = try HDF5.Handle<HDF5.Object>(
                unsafe H5Oopen(file, object, steadyset_h5p_default()), action, path: path)
            try value.writeAttribute(name, of: owner.id, action, path: path)
            try owner.close(action, path: path)
        }
    }

    /// Creates and writes a dataset in one piece; an empty shape makes a scalar.
    package func writeArray(_ value: Value, shape: [Int], named name: String) throws(ShardsError) {
        try perform { () throws(ShardsError) in
            try value.writeDataset(name, shape: shape, in: file, path: path)
        }
    }

    /// Creates a dataset of binary32 numbers with one sample's field, or a part of it, in a chunk.
    ///
    /// - Parameters:
    ///   - blosc: zstd's level and whether bytes are shuffled, where chunks will be frames of the
    ///     blosc filter; plain little-endian numbers otherwise.
    package func makeChunked(
        _ name: String, shape: [Int], chunk: [Int], blosc: (level: Int, shuffle: Bool)?
    ) throws(ShardsError) {
        try perform { () throws(ShardsError) in
            let action = "create the dataset '\(name)' of"
            let rank = Int32(shape.count)
            let (extent, sides) = (shape.map { hsize_t($0) }, chunk.map { hsize_t($0) })
            let space = try HDF5.Handle<HDF5.Space>(
                unsafe H5Screate_simple(rank, extent, nil), action, path: path)
            let properties = try HDF5.datasetProperties(action, path: path)
            try HDF5.check(unsafe H5Pset_chunk(properties.id, rank, sides), action, path: path)
            if let blosc {
                let filter = ChunkFilter.blosc(
                    bytes: 4 * chunk.reduce(1, *), level: blosc.level, isShuffled: blosc.shuffle)
                let status = unsafe H5Pset_filter(
                    properties.id, filter.number, steadyset_h5z_flag_optional(),
                    filter.values.count, filter.values)
                try HDF5.check(status, action, path: path)
            }
            let standard = steadyset_h5p_default()
            let dataset = try HDF5.Handle<HDF5.Dataset>(
                unsafe H5Dcreate2(
                    file, name, steadyset_h5t_f32le(), space.id, standard, properties.id, standard),
                action, path: path)
            chunked[name] = dataset.release()
        }
    }

    /// Writes the chunk that begins at `place`, as it is stored. The corresponding C function is
    /// `H5Dwrite_chunk`.
    package func writeChunk(_ bytes: [UInt8], at place: [Int], of name: String) throws(ShardsError)
    {
        try perform { () throws(ShardsError) in
            let offset = place.map { hsize_t($0) }
            let dataset = chunked[name] ?? -1
            let status = unsafe bytes.withUnsafeBytes {
                unsafe H5Dwrite_chunk(
                    dataset, steadyset_h5p_default(), 0, offset, $0.count, $0.baseAddress)
            }
            try HDF5.check(status, "write '\(name)' of", path: path)
        }
    }

    /// Runs `body` with the number of the open file, inside HDF5's lock; an error ends the writing.
    func withFile(_ body: (hid_t) throws(ShardsError) -> Void) throws(ShardsError) {
        try perform { () throws(ShardsError) in try body(file) }
    }

    /// Closes the file and waits until it is on the disk, whole and as it was meant;
    /// `AtomicFile.commit` then gives it its name.
    ///
    /// - Returns: the size and the digest of the file.
    @discardableResult package func finish() throws(ShardsError) -> FileDigest {
        try perform { () throws(ShardsError) in
            let (datasets, file) = (chunked, self.file)
            (chunked, self.file) = ([:], -1)
            // In an order of its own a dictionary would write the file's records in another order
            // each time.
            for (name, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
                try HDF5.Handle<HDF5.Dataset>(dataset, "close", path: path).close(
                    "complete '\(name)' of", path: path)
            }
            try HDF5.Handle<HDF5.File>(file, "close", path: path).close("complete", path: path)
        }
        do {
            let digest = try output.finish()
            isFinished = true
            return digest
        } catch {
            abandon()
            throw error
        }
    }

    private var isFinished = false

    private func perform(_ body: () throws(ShardsError) -> Void) throws(ShardsError) {
        do {
            try HDF5.locked { () throws(ShardsError) in try body() }
            try output.check()
        } catch {
            // What failed first, of which `error` may be a consequence.
            let first = output.failure ?? error
            abandon()
            throw first
        }
    }

    private func abandon() {
        guard !isFinished else { return }
        let (datasets, file) = (chunked, self.file)
        (chunked, self.file) = ([:], -1)
        output.abandon()
        HDF5.lockedForClosing {
            for dataset in datasets.values { _ = H5Dclose(dataset) }
            if file >= 0 { _ = H5Fclose(file) }
        }
        AtomicFile.remove(path)
    }
}
