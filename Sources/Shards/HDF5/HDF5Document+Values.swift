internal import CHDF5

extension HDF5Document {
    /// What an attribute or an array holds, in the form that h5py gives it, so that programs made
    /// with h5py know it.
    package enum Value {
        /// Text of variable length, UTF-8.
        case text(String)
        /// Texts of variable length, one-dimensional.
        case texts([String])
        /// h5py's truth value: an enumeration FALSE, TRUE of one byte.
        case truth(Bool)
        /// Truth values.
        case truths([Bool])
        /// A signed 64-bit integer.
        case integer(Int)
        /// An IEEE double.
        case number(Double)
        /// IEEE singles.
        case floats([Float])
        /// IEEE doubles.
        case doubles([Double])
        /// Unsigned 64-bit integers.
        case uint64s([UInt64])
        /// Unsigned 16-bit integers.
        case uint16s([UInt16])
        /// Bytes.
        case bytes([UInt8])

        /// Writes the value as an attribute. The corresponding C functions are `H5Acreate2` and
        /// `H5Awrite`.
        func writeAttribute(_ name: String, of owner: hid_t, _ action: String, path: String)
            throws(ShardsError)
        {
            let space = try space(shape: isScalar ? [] : [count], action, path: path)
            let type = try type(action, path: path)
            let standard = steadyset_h5p_default()
            let attribute = try HDF5.Handle<HDF5.Attribute>(
                unsafe H5Acreate2(owner, name, type.id, space.id, standard, standard), action,
                path: path)
            if count > 0 {
                let (id, typeID) = (attribute.id, type.id)
                let status = unsafe withMemory { unsafe H5Awrite(id, typeID, $0) }
                try HDF5.check(status, action, path: path)
            }
            try attribute.close(action, path: path)
        }

        /// Writes the value as a dataset in one piece. The corresponding C functions are
        /// `H5Dcreate2` and `H5Dwrite`.
        func writeDataset(_ name: String, shape: [Int], in file: hid_t, path: String)
            throws(ShardsError)
        {
            precondition(shape.reduce(1, *) == count, "an array's values fill its shape")
            let action = "write the dataset '\(name)' of"
            let space = try space(shape: shape, action, path: path)
            let type = try type(action, path: path)
            let properties = try HDF5.datasetProperties(action, path: path)
            let standard = steadyset_h5p_default()
            let dataset = try HDF5.Handle<HDF5.Dataset>(
                unsafe H5Dcreate2(file, name, type.id, space.id, standard, properties.id, standard),
                action, path: path)
            if count > 0 {
                let (id, typeID, all) = (dataset.id, type.id, steadyset_h5s_all())
                let status = unsafe withMemory {
                    unsafe H5Dwrite(id, typeID, all, all, standard, $0)
                }
                try HDF5.check(status, action, path: path)
            }
            // What was written may be flushed only now.
            try dataset.close(action, path: path)
        }

        private var isScalar: Bool {
            switch self {
            case .text, .truth, .integer, .number: true
            default: false
            }
        }

        private var count: Int {
            switch self {
            case .text, .truth, .integer, .number: 1
            case .texts(let values): values.count
            case .truths(let values): values.count
            case .floats(let values): values.count
            case .doubles(let values): values.count
            case .uint64s(let values): values.count
            case .uint16s(let values): values.count
            case .bytes(let values): values.count
            }
        }

        private func space(shape: [Int], _ action: String, path: String) throws(ShardsError)
            -> HDF5.Handle<HDF5.Space>
        {
            guard !shape.isEmpty else {
                return try HDF5.Handle(H5Screate(H5S_SCALAR), action, path: path)
            }
            let extent = shape.map { hsize_t($0) }
            return try HDF5.Handle(
                unsafe H5Screate_simple(Int32(shape.count), extent, nil), action, path: path)
        }

        /// The type in the file and in memory.
        private func type(_ action: String, path: String) throws(ShardsError)
            -> HDF5.Handle<HDF5.Datatype>
        {
            func copy(_ type: hid_t) throws(ShardsError) -> HDF5.Handle<HDF5.Datatype> {
                try HDF5.Handle(H5Tcopy(type), action, path: path)
            }
            switch self {
            case .text, .texts:
                let type = try copy(steadyset_h5t_c_s1())
                // H5T_VARIABLE is the largest size_t.
                try HDF5.check(H5Tset_size(type.id, -1), action, path: path)
                try HDF5.check(H5Tset_cset(type.id, H5T_CSET_UTF8), action, path: path)
                return type
            case .truth, .truths:
                let type = try HDF5.Handle<HDF5.Datatype>(
                    H5Tenum_create(steadyset_h5t_i8le()), action, path: path)
                for (name, value) in [("FALSE", Int8(0)), ("TRUE", Int8(1))] {
                    let status = unsafe withUnsafeBytes(of: value) {
                        unsafe H5Tenum_insert(type.id, name, $0.baseAddress)
                    }
                    try HDF5.check(status, action, path: path)
                }
                return type
            case .integer: return try copy(steadyset_h5t_i64le())
            case .number, .doubles: return try copy(steadyset_h5t_f64le())
            case .floats: return try copy(steadyset_h5t_f32le())
            case .uint64s: return try copy(steadyset_h5t_u64le())
            case .uint16s: return try copy(steadyset_h5t_u16le())
            case .bytes: return try copy(steadyset_h5t_u8())
            }
        }

        /// Calls `body` with the values as the library reads them from memory.
        private func withMemory(_ body: (UnsafeRawPointer?) -> herr_t) -> herr_t {
            switch self {
            case .text(let text): unsafe Value.withPointers(to: [text], body)
            case .texts(let texts): unsafe Value.withPointers(to: texts, body)
            case .truth(let value):
                unsafe [Int8(value ? 1 : 0)].withUnsafeBytes { unsafe body($0.baseAddress) }
            case .truths(let values):
                unsafe values.map { Int8($0 ? 1 : 0) }.withUnsafeBytes {
                    unsafe body($0.baseAddress)
                }
            case .integer(let value):
                unsafe [Int64(value)].withUnsafeBytes { unsafe body($0.baseAddress) }
            case .number(let value): unsafe [value].withUnsafeBytes { unsafe body($0.baseAddress) }
            case .floats(let values): unsafe values.withUnsafeBytes { unsafe body($0.baseAddress) }
            case .doubles(let values): unsafe values.withUnsafeBytes { unsafe body($0.baseAddress) }
            case .uint64s(let values): unsafe values.withUnsafeBytes { unsafe body($0.baseAddress) }
            case .uint16s(let values): unsafe values.withUnsafeBytes { unsafe body($0.baseAddress) }
            case .bytes(let values): unsafe values.withUnsafeBytes { unsafe body($0.baseAddress) }
            }
        }

        /// Calls `body` with an array of pointers to the texts, each ended by NUL; they live as
        /// long as the call.
        private static func withPointers(to texts: [String], _ body: (UnsafeRawPointer?) -> herr_t)
            -> herr_t
        {
            var starts: [Int] = []
            var bytes: [UInt8] = []
            for text in texts {
                starts.append(bytes.count)
                bytes += Array(text.utf8) + [0]
            }
            return unsafe bytes.withUnsafeBytes { bytes in
                let pointers = unsafe starts.map { start in
                    unsafe bytes.baseAddress.map { unsafe $0 + start }
                }
                return unsafe pointers.withUnsafeBytes { unsafe body($0.baseAddress) }
            }
        }
    }
}
