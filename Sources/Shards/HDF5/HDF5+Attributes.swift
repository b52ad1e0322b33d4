internal import CHDF5

extension HDF5 {
    /// Writes a scalar attribute of the object `id`.
    ///
    /// Text has a fixed length: text of variable length goes to HDF5's global heap, which has no
    /// checksum. The corresponding C functions are `H5Acreate2` and `H5Awrite`.
    static func writeAttribute(
        _ value: ShardAttribute, named name: String, of id: hid_t, path: String
    ) throws(ShardsError) {
        let action = "write the attribute '\(name)' of"
        let space = try Handle<Space>(H5Screate(H5S_SCALAR), action, path: path)
        switch value {
        case .string(let text):
            let bytes = text.isEmpty ? [0] : Array(text.utf8)
            guard bytes.count <= ShardAttribute.maximumText else {
                throw ShardsError(
                    .tooLarge,
                    "the attribute '\(name)' of \(path) has \(bytes.count) bytes, and a file's "
                        + "header holds \(ShardAttribute.maximumText): describe it in fewer words",
                    path: path)
            }
            let type = try Handle<Datatype>(H5Tcopy(steadyset_h5t_c_s1()), action, path: path)
            try check(H5Tset_size(type.id, bytes.count), action, path: path)
            try check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), action, path: path)
            try check(H5Tset_cset(type.id, H5T_CSET_UTF8), action, path: path)
            try writeAttribute(bytes, type.id, space.id, name, id, path)
        case .double(let number):
            try writeAttribute([number], steadyset_h5t_f64le(), space.id, name, id, path)
        case .integer(let number):
            try writeAttribute([Int64(number)], steadyset_h5t_i64le(), space.id, name, id, path)
        }
    }

    private static func writeAttribute<Element: BitwiseCopyable>(
        _ values: [Element], _ type: hid_t, _ space: hid_t, _ name: String, _ id: hid_t,
        _ path: String
    ) throws(ShardsError) {
        let action = "write the attribute '\(name)' of"
        let standard = steadyset_h5p_default()
        let attribute = try Handle<Attribute>(
            unsafe H5Acreate2(id, name, type, space, standard, standard), action, path: path)
        try check(
            unsafe values.withUnsafeBytes { unsafe H5Awrite(attribute.id, type, $0.baseAddress) },
            action, path: path)
        try attribute.close(action, path: path)
    }
}
