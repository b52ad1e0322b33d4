internal import CHDF5
internal import Fields

extension HDF5 {
    /// Creates a file in which equal content makes equal bytes, and what is written one after
    /// another lies one after another. The corresponding C functions are `H5Fcreate`,
    /// `H5Pset_meta_block_size` and `H5Pset_small_data_block_size`.
    ///
    /// - Parameters:
    ///   - output: where the file's bytes go.
    ///   - driver: what `locked` says.
    ///   - metadataBytes: what the library's own records will take, at least; they come first in
    ///     the file.
    static func createFile(_ output: OutputFile, driver: hid_t, metadataBytes: Int)
        throws(ShardsError) -> Handle<File>
    {
        let (action, path) = ("create", output.path)
        let creation = try Handle<Properties>(
            H5Pcreate(steadyset_h5p_file_create()), action, path: path)
        try check(H5Pset_obj_track_times(creation.id, false), action, path: path)
        // All links stay in the root group's header, which is checksummed.
        try check(H5Pset_link_phase_change(creation.id, 32, 16), action, path: path)
        let access = try Handle<Properties>(
            H5Pcreate(steadyset_h5p_file_access()), action, path: path)
        try check(
            H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), action, path: path)
        try OutputDriver.direct(access.id, to: output, driver: driver)
        // Records of the library would otherwise lie between chunks; nor shall it gather small
        // chunks in blocks.
        try check(H5Pset_meta_block_size(access.id, hsize_t(metadataBytes)), action, path: path)
        try check(H5Pset_small_data_block_size(access.id, 0), action, path: path)
        return try withExtendedLifetime(output) { () throws(ShardsError) in
            try Handle(
                unsafe H5Fcreate(path, steadyset_h5f_acc_excl(), creation.id, access.id), action,
                path: path)
        }
    }

    /// Opens a file for reading. The corresponding C function is `H5Fopen`.
    static func openFile(_ path: String) throws(ShardsError) -> Handle<File> {
        let action = "open"
        let access = try Handle<Properties>(
            H5Pcreate(steadyset_h5p_file_access()), action, path: path)
        try check(H5Pset_file_locking(access.id, false, true), action, path: path)
        return try Handle(
            unsafe H5Fopen(path, steadyset_h5f_acc_rdonly(), access.id), action, path: path)
    }

    /// The shape of `/x`, `/y` and coefficients: (samples, rows, columns), with several planes
    /// (samples, planes, rows, columns), one chunk per sample.
    struct FieldShape {
        let capacity: Int
        let lattice: Lattice
        var planes = 1

        /// Bytes of one chunk's content.
        var bytes: Int { planes * ShardLayout.fieldBytes(lattice) }

        private func extent(_ samples: Int) -> [hsize_t] {
            [hsize_t(samples)] + (planes == 1 ? [] : [hsize_t(planes)]) + [
                hsize_t(lattice.rows), hsize_t(lattice.columns),
            ]
        }

        /// Creates the dataset called `name`. The corresponding C function is `H5Dcreate2`.
        func create(_ name: String, _ filter: ChunkFilter, in file: hid_t, path: String)
            throws(ShardsError) -> Handle<Dataset>
        {
            let action = "create the dataset '\(name)' of"
            let (extent, chunk) = (extent(capacity), extent(1))
            let rank = Int32(extent.count)
            let space = try Handle<Space>(
                unsafe H5Screate_simple(rank, extent, extent), action, path: path)
            let properties = try HDF5.datasetProperties(action, path: path)
            try HDF5.check(unsafe H5Pset_chunk(properties.id, rank, chunk), action, path: path)
            // The filter runs in this module; what is registered with the library only gives the
            // entry its name.
            let status = unsafe H5Pset_filter(
                properties.id, filter.number,
                filter.isOptional ? steadyset_h5z_flag_optional() : 0, filter.values.count,
                filter.values)
            try HDF5.check(status, action, path: path)
            let standard = steadyset_h5p_default()
            return try Handle(
                unsafe H5Dcreate2(
                    file, name, steadyset_h5t_f32le(), space.id, standard, properties.id, standard),
                action, path: path)
        }

        /// Makes the dataset as long as `capacity` says. The corresponding C function is
        /// `H5Dset_extent`.
        func shrink(_ dataset: hid_t, path: String) throws(ShardsError) {
            try HDF5.check(unsafe H5Dset_extent(dataset, extent(capacity)), "shorten", path: path)
        }
    }

    /// Writes the chunk of sample `position` as it is. The corresponding C function is
    /// `H5Dwrite_chunk`.
    static func writeChunk(_ frame: [UInt8], at position: Int, of dataset: hid_t, path: String)
        throws(ShardsError)
    {
        // As many as any dataset has dimensions.
        let offset: [hsize_t] = [hsize_t(position), 0, 0, 0]
        let status = unsafe frame.withUnsafeBytes {
            unsafe H5Dwrite_chunk(
                dataset, steadyset_h5p_default(), 0, offset, $0.count, $0.baseAddress)
        }
        try check(status, "write sample \(position) to", path: path)
    }
}
