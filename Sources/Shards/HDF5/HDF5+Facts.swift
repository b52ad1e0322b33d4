internal import CHDF5

extension HDF5 {
    /// What a dataset says of itself, read before anything is allocated for it.
    struct Facts {
        /// The dataset's name, for messages.
        let name: String
        /// Its current extent.
        let shape: [Int]
        /// The largest extent that it may be given.
        let largest: [Int]
        /// Whether its bytes lie in one piece inside the file itself.
        let isContiguous: Bool
        /// Whether its bytes lie among the library's records.
        let isCompact: Bool
        /// The shape of its chunks, or nil where it is not chunked.
        let chunk: [Int]?
        /// The numbers of its filters.
        let filters: [Int32]

        /// Asks `dataset`, at most four dimensions and four filters.
        ///
        /// The corresponding C functions are `H5Sget_simple_extent_dims`, `H5Pget_layout`,
        /// `H5Pget_chunk`, `H5Pget_external_count` and `H5Pget_filter2`.
        init(of dataset: borrowing Handle<Dataset>, name: String, path: String) throws(ShardsError)
        {
            let action = "inspect the dataset '\(name)' of"
            self.name = name
            let space = try Handle<Space>(H5Dget_space(dataset.id), action, path: path)
            let rank = Int(H5Sget_simple_extent_ndims(space.id))
            guard H5Sget_simple_extent_type(space.id) == H5S_SIMPLE, (1...4).contains(rank) else {
                throw ShardsError(
                    .corrupt, "the dataset '\(name)' of \(path) does not have 1 to 4 dimensions",
                    path: path)
            }
            var extent = [hsize_t](repeating: 0, count: rank)
            var maximum = extent
            try check(
                unsafe H5Sget_simple_extent_dims(space.id, &extent, &maximum), action, path: path)
            shape = extent.map { Int(clamping: $0) }
            largest = maximum.map { Int(clamping: $0) }

            let properties = try Handle<Properties>(
                H5Dget_create_plist(dataset.id), action, path: path)
            let layout = H5Pget_layout(properties.id)
            // An external file or a virtual source would make us read a file that nobody checked.
            isContiguous = layout == H5D_CONTIGUOUS && H5Pget_external_count(properties.id) == 0
            isCompact = layout == H5D_COMPACT
            if layout == H5D_CHUNKED {
                var sides = [hsize_t](repeating: 0, count: rank)
                guard unsafe H5Pget_chunk(properties.id, Int32(rank), &sides) == Int32(rank) else {
                    throw failure(action, path: path)
                }
                chunk = sides.map { Int(clamping: $0) }
            } else {
                chunk = nil
            }
            let count = H5Pget_nfilters(properties.id)
            guard (0...4).contains(count) else {
                throw ShardsError(
                    .corrupt, "the dataset '\(name)' of \(path) has \(count) filters", path: path)
            }
            var filters: [Int32] = []
            for index in 0..<UInt32(count) {
                var flags: UInt32 = 0
                var valueCount = 0
                var configuration: UInt32 = 0
                let filter = unsafe H5Pget_filter2(
                    properties.id, index, &flags, &valueCount, nil, 0, nil, &configuration)
                guard filter >= 0 else { throw failure(action, path: path) }
                filters.append(filter)
            }
            self.filters = filters
        }

        /// Checks that the elements have the type `type`. The corresponding C function is
        /// `H5Tequal`.
        func require(_ type: hid_t, _ dataset: borrowing Handle<Dataset>, path: String)
            throws(ShardsError)
        {
            let found = try Handle<Datatype>(
                H5Dget_type(dataset.id), "inspect the dataset '\(name)' of", path: path)
            guard H5Tequal(found.id, type) > 0 else {
                throw ShardsError(
                    .corrupt,
                    "the dataset '\(name)' of \(path) has numbers of another type than a shard has",
                    path: path)
            }
        }
    }

    /// Opens a dataset that is a hard link of the root group: soft and external links lead
    /// elsewhere.
    ///
    /// The corresponding C functions are `H5Lget_info` and `H5Dopen2`.
    static func openDataset(_ name: String, in file: hid_t, path: String) throws(ShardsError)
        -> Handle<Dataset>
    {
        guard try hasLink(name, in: file, path: path) else {
            throw ShardsError(.corrupt, "has no dataset '\(name)'", path: path)
        }
        var info = H5L_info_t()
        let standard = steadyset_h5p_default()
        try check(
            unsafe H5Lget_info(file, name, &info, standard),
            "look up the dataset '\(name)' of", path: path)
        guard info.type == H5L_TYPE_HARD else {
            throw ShardsError(
                .corrupt, "the dataset '\(name)' of \(path) is a link to another place",
                path: path)
        }
        return try Handle(
            unsafe H5Dopen2(file, name, standard), "open the dataset '\(name)' of", path: path)
    }

    /// Whether the root group has a link of that name. The corresponding C function is `H5Lexists`.
    static func hasLink(_ name: String, in file: hid_t, path: String) throws(ShardsError) -> Bool {
        let answer = unsafe H5Lexists(file, name, steadyset_h5p_default())
        try check(answer, "look up the dataset '\(name)' of", path: path)
        return answer > 0
    }
}
