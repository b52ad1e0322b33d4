internal import CHDF5
internal import Fields

extension HDF5 {
    /// A dataset of floats (rows, …) that is read or written row by row, whole rows at a time.
    enum Rows {
        /// Reads row `position` of `dataset`, `shape` being its extents; values are converted to
        /// Float where they are stored as another floating-point type.
        ///
        /// The corresponding C functions are `H5Sselect_hyperslab` and `H5Dread`.
        static func read(_ position: Int, of dataset: hid_t, shape: [Int], path: String)
            throws(ShardsError) -> [Float]
        {
            let action = "read row \(position) of"
            let spaces = try Spaces(position, dataset, shape, action, path)
            let (memory, file) = (spaces.memory.id, spaces.file.id)
            var values = [Float](repeating: 0, count: shape.dropFirst().reduce(1, *))
            let status = unsafe values.withUnsafeMutableBytes {
                unsafe H5Dread(
                    dataset, Float.hdf5Type, memory, file, steadyset_h5p_default(), $0.baseAddress)
            }
            try check(status, action, path: path)
            return values
        }

        /// Writes row `position`. The corresponding C functions are `H5Sselect_hyperslab` and
        /// `H5Dwrite`.
        static func write(
            _ values: [Float], at position: Int, of dataset: hid_t, shape: [Int], path: String
        ) throws(ShardsError) {
            precondition(values.count == shape.dropFirst().reduce(1, *), "a row's values fill it")
            let action = "write row \(position) of"
            let spaces = try Spaces(position, dataset, shape, action, path)
            let (memory, file) = (spaces.memory.id, spaces.file.id)
            let status = unsafe values.withUnsafeBytes {
                unsafe H5Dwrite(
                    dataset, Float.hdf5Type, memory, file, steadyset_h5p_default(), $0.baseAddress)
            }
            try check(status, action, path: path)
        }

        /// Creates a dataset of the shape `shape` in one piece. The corresponding C function is
        /// `H5Dcreate2`.
        static func create(_ name: String, shape: [Int], in file: hid_t, path: String)
            throws(ShardsError) -> Handle<Dataset>
        {
            let action = "create the dataset '\(name)' of"
            let extent = shape.map { hsize_t($0) }
            let space = try Handle<Space>(
                unsafe H5Screate_simple(Int32(shape.count), extent, nil), action, path: path)
            let properties = try HDF5.datasetProperties(action, path: path)
            let standard = steadyset_h5p_default()
            return try Handle(
                unsafe H5Dcreate2(
                    file, name, Float.hdf5Type, space.id, standard, properties.id, standard),
                action, path: path)
        }

        /// One row in the file, and the same in memory.
        private struct Spaces: ~Copyable {
            let file: Handle<Space>
            let memory: Handle<Space>

            init(
                _ position: Int, _ dataset: hid_t, _ shape: [Int], _ action: String, _ path: String
            ) throws(ShardsError) {
                precondition((0..<shape[0]).contains(position), "row \(position) of \(shape[0])")
                let start = [hsize_t(position)] + [hsize_t](repeating: 0, count: shape.count - 1)
                let extent = [hsize_t(1)] + shape.dropFirst().map { hsize_t($0) }
                let file = try Handle<Space>(H5Dget_space(dataset), action, path: path)
                try check(
                    unsafe H5Sselect_hyperslab(file.id, H5S_SELECT_SET, start, nil, extent, nil),
                    action, path: path)
                memory = try Handle<Space>(
                    unsafe H5Screate_simple(Int32(extent.count), extent, nil), action, path: path)
                self.file = file
            }
        }
    }
}
