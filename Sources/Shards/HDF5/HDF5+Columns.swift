internal import CHDF5

#if _endian(big)
    #error("shards are little-endian, and this module hands HDF5 the machine's own bytes")
#endif

extension HDF5 {
    /// A number that a column can hold.
    protocol Element: BitwiseCopyable, Sendable {
        /// The little-endian type of the file, and of memory.
        static var hdf5Type: hid_t { get }
        /// The same, as a shard's file says it.
        static var elementType: ElementType { get }
        /// Zero.
        init()
    }

    /// A dataset with one row of numbers per sample, stored in one piece without filters.
    struct Column<E: Element>: Sendable {
        /// The dataset's name.
        let name: String

        /// Creates and writes the dataset with the shape `shape`, and gives it the text attributes
        /// `attributes`.
        ///
        /// The corresponding C functions are `H5Dcreate2` and `H5Dwrite`.
        func write(
            _ values: [E], shape: [Int], attributes: [(name: String, value: ShardAttribute)] = [],
            to file: hid_t, path: String
        ) throws(ShardsError) {
            precondition(values.count == shape.reduce(1, *), "a column's values fill its shape")
            let action = "write the dataset '\(name)' of"
            let extent = shape.map { hsize_t($0) }
            let space = try Handle<Space>(
                unsafe H5Screate_simple(Int32(shape.count), extent, nil), action, path: path)
            let properties = try HDF5.datasetProperties(action, path: path)
            let standard = steadyset_h5p_default()
            let dataset = try Handle<Dataset>(
                unsafe H5Dcreate2(
                    file, name, E.hdf5Type, space.id, standard, properties.id, standard), action,
                path: path)
            if !values.isEmpty {
                let id = dataset.id
                let all = steadyset_h5s_all()
                let status = unsafe values.withUnsafeBytes {
                    unsafe H5Dwrite(id, E.hdf5Type, all, all, standard, $0.baseAddress)
                }
                try HDF5.check(status, action, path: path)
            }
            for (name, value) in attributes {
                try HDF5.writeAttribute(value, named: name, of: dataset.id, path: path)
            }
            // What was written may be flushed only now.
            try dataset.close("complete the dataset '\(name)' of", path: path)
        }

        /// Reads the dataset, which must have the shape `shape`; the caller has bounded it by the
        /// file's size.
        ///
        /// The corresponding C functions are `H5Dopen2` and `H5Dread`.
        func read(shape: [Int], from file: hid_t, path: String) throws(ShardsError) -> [E] {
            let action = "read the dataset '\(name)' of"
            let dataset = try HDF5.openDataset(name, in: file, path: path)
            let facts = try HDF5.Facts(of: dataset, name: name, path: path)
            try facts.require(E.hdf5Type, dataset, path: path)
            guard facts.shape == shape else {
                throw ShardsError(
                    .corrupt,
                    "the dataset '\(name)' of \(path) has the shape \(facts.shape), expected is "
                        + "\(shape)", path: path)
            }
            let count = shape.reduce(1, *)
            let bytes = count * MemoryLayout<E>.size
            guard facts.isContiguous, facts.filters.isEmpty,
                count == 0 || H5Dget_storage_size(dataset.id) == bytes
            else {
                throw ShardsError(
                    .corrupt, "the dataset '\(name)' of \(path) is not stored in one piece",
                    path: path)
            }
            var values = [E](repeating: E(), count: count)
            if count > 0 {
                let id = dataset.id
                let all = steadyset_h5s_all()
                let status = unsafe values.withUnsafeMutableBytes {
                    unsafe H5Dread(
                        id, E.hdf5Type, all, all, steadyset_h5p_default(), $0.baseAddress)
                }
                try HDF5.check(status, action, path: path)
            }
            return values
        }
    }

    /// Properties of a new dataset: no times, so that equal content makes equal files.
    static func datasetProperties(_ action: String, path: String) throws(ShardsError) -> Handle<
        Properties
    > {
        let properties = try Handle<Properties>(
            H5Pcreate(steadyset_h5p_dataset_create()), action, path: path)
        try check(H5Pset_obj_track_times(properties.id, false), action, path: path)
        return properties
    }
}

extension Float: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_f32le() }
    static var elementType: ElementType { .float32 }
}
extension Double: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_f64le() }
    static var elementType: ElementType { .float64 }
}
extension UInt64: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_u64le() }
    static var elementType: ElementType { .uint64 }
}
extension UInt32: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_u32le() }
    static var elementType: ElementType { .uint32 }
}
extension UInt16: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_u16le() }
    static var elementType: ElementType { .uint16 }
}
extension UInt8: HDF5.Element {
    static var hdf5Type: hid_t { steadyset_h5t_u8() }
    static var elementType: ElementType { .uint8 }
}
