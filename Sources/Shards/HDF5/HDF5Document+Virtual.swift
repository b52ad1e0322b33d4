internal import CHDF5

extension HDF5Document {
    /// Rows of a dataset in another file that stand, one after another, at consecutive rows of a
    /// virtual dataset.
    package struct VirtualPiece: Hashable, Sendable {
        /// The other file, relative to this file's folder.
        package let file: String
        /// Number of rows of the dataset there.
        package let rows: Int
        /// The first row.
        package let first: Int
        /// From one row to the next, at least 1.
        package let stride: Int
        /// How many rows.
        package let count: Int

        /// Creates a piece.
        package init(file: String, rows: Int, first: Int, stride: Int, count: Int) {
            self.file = file
            self.rows = rows
            self.first = first
            self.stride = stride
            self.count = count
        }
    }

    /// Creates a virtual dataset of binary32 numbers, (rows of all pieces, extent…), made of the
    /// datasets called `source`.
    ///
    /// What cannot be read shows as NaN. The corresponding C functions are `H5Pset_virtual` and
    /// `H5Pset_fill_value`.
    package func makeVirtual(_ name: String, extent: [Int], source: String, pieces: [VirtualPiece])
        throws(ShardsError)
    {
        try withFile { (file) throws(ShardsError) in
            let action = "create the virtual dataset '\(name)' of"
            let sides = extent.map { hsize_t($0) }
            let rank = Int32(extent.count + 1)
            func space(_ rows: Int) throws(ShardsError) -> HDF5.Handle<HDF5.Space> {
                let shape = [hsize_t(rows)] + sides
                return try HDF5.Handle(
                    unsafe H5Screate_simple(rank, shape, nil), action, path: path)
            }
            func select(
                _ space: borrowing HDF5.Handle<HDF5.Space>, first: Int, stride: Int, count: Int
            ) throws(ShardsError) {
                let ones = [hsize_t](repeating: 1, count: extent.count)
                let start = [hsize_t(first)] + [hsize_t](repeating: 0, count: extent.count)
                let step = [hsize_t(stride)] + ones
                let number = [hsize_t(count)] + ones
                let block = [hsize_t(1)] + sides
                let status = unsafe H5Sselect_hyperslab(
                    space.id, H5S_SELECT_SET, start, step, number, block)
                try HDF5.check(status, action, path: path)
            }
            let properties = try HDF5.datasetProperties(action, path: path)
            let missing = [Float.nan]
            let status = unsafe missing.withUnsafeBytes {
                unsafe H5Pset_fill_value(properties.id, steadyset_h5t_f32le(), $0.baseAddress)
            }
            try HDF5.check(status, action, path: path)
            let total = pieces.reduce(0) { $0 + $1.count }
            let target = try space(total)
            var row = 0
            for piece in pieces {
                let origin = try space(piece.rows)
                try select(origin, first: piece.first, stride: piece.stride, count: piece.count)
                try select(target, first: row, stride: 1, count: piece.count)
                // The library takes % for a pattern.
                let escaped = piece.file.split(separator: "%", omittingEmptySubsequences: false)
                    .joined(separator: "%%")
                let status = unsafe H5Pset_virtual(
                    properties.id, target.id, escaped, source, origin.id)
                try HDF5.check(status, action, path: path)
                row += piece.count
            }
            let whole = try space(total)
            let standard = steadyset_h5p_default()
            try HDF5.Handle<HDF5.Dataset>(
                unsafe H5Dcreate2(
                    file, name, steadyset_h5t_f32le(), whole.id, standard, properties.id, standard),
                action, path: path
            ).close(action, path: path)
        }
    }
}
