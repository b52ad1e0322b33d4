internal import CHDF5

extension HDF5 {
    /// Writes a scalar attribute of the object `id`.
    ///
    /// Text has a fixed length: text of variable length goes to HDF5's global heap, which has no checksum. The
    /// corresponding C functions are `H5Acreate2` and `H5Awrite`.
    static func writeAttribute(
        _ value: ShardAttribute, named name: String, of id: hid_t, path: String
    ) throws(ShardsError) {
        let action = "write the attribute '\(name)' of"
        let space = try Handle<Space>(H5Screate(H5S_SCALAR), action, path: path)
        switch value {
        case .string(let text):
            let bytes = text.isEmpty ? [0] : Array(text.utf8)
            guard bytes.count <= ShardAttribute.maximumText else {
                throw ShardsError(.tooLarge, "the attribute '\(name)' of \(path) has \(bytes.count) bytes", path: path)
            }
            let type = try Handle<Datatype>(H5Tcopy(steadyset_h5t_c_s1()), action, path: path)
            try check(H5Tset_size(type.id, bytes.count), action, path: path)
            try check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), action, path: path)
            try check(H5Tset_cset(type.id, H5T_CSET_UTF8), action, path: path)
            try writeAttribute(bytes, type.id, space.id, name, id, path)
        case .double(let number): try writeAttribute([number], steadyset_h5t_f64le(), space.id, name, id, path)
        case .integer(let number): try writeAttribute([Int64(number)], steadyset_h5t_i64le(), space.id, name, id, path)
        }
    }

    private static func writeAttribute<Element: BitwiseCopyable>(
        _ values: [Element], _ type: hid_t, _ space: hid_t, _ name: String, _ id: hid_t, _ path: String
    ) throws(ShardsError) {
        let action = "write the attribute '\(name)' of"
        let standard = steadyset_h5p_default()
        let attribute = try Handle<Attribute>(
            unsafe H5Acreate2(id, name, type, space, standard, standard), action, path: path)
        try check(
            unsafe values.withUnsafeBytes { unsafe H5Awrite(attribute.id, type, $0.baseAddress) }, action, path: path)
    }

    /// Returns the attributes of a file's root group: scalars, at most 64 of them.
    ///
    /// The corresponding C functions are `H5Oget_info2`, `H5Aopen_by_idx` and `H5Aread`.
    static func readAttributes(of file: hid_t, path: String) throws(ShardsError) -> [String: ShardAttribute] {
        let action = "read the attributes of"
        var info = H5O_info_t()
        try check(unsafe H5Oget_info2(file, &info, UInt32(H5O_INFO_NUM_ATTRS)), action, path: path)
        guard info.num_attrs <= 64 else {
            throw ShardsError(.corrupt, "has \(info.num_attrs) attributes, more than a shard has", path: path)
        }
        var attributes: [String: ShardAttribute] = [:]
        let standard = steadyset_h5p_default()
        for index in 0..<info.num_attrs {
            let attribute = try Handle<Attribute>(
                unsafe H5Aopen_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, standard, standard), action,
                path: path)
            // The first call says how long the name is, without its final NUL.
            let length = H5Aget_name(attribute.id, 0, nil)
            guard length > 0, length <= 255 else { throw failure(action, path: path) }
            var name = [UInt8](repeating: 0, count: length + 1)
            _ = unsafe name.withUnsafeMutableBytes {
                unsafe H5Aget_name(attribute.id, length + 1, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
            attributes[String(decoding: name[..<length], as: UTF8.self)] = try readAttribute(
                attribute, String(decoding: name[..<length], as: UTF8.self), path)
        }
        return attributes
    }

    private static func readAttribute(
        _ attribute: borrowing Handle<Attribute>, _ name: String, _ path: String
    ) throws(ShardsError) -> ShardAttribute {
        let action = "read the attribute '\(name)' of"
        func refuse() -> ShardsError {
            ShardsError(
                .corrupt, "the attribute '\(name)' of \(path) is not text or a number as a shard has it", path: path)
        }
        let space = try Handle<Space>(H5Aget_space(attribute.id), action, path: path)
        let type = try Handle<Datatype>(H5Aget_type(attribute.id), action, path: path)
        guard H5Sget_simple_extent_type(space.id) == H5S_SCALAR else { throw refuse() }
        let size = H5Tget_size(type.id)
        switch H5Tget_class(type.id) {
        case H5T_STRING:
            guard H5Tis_variable_str(type.id) == 0, (1...ShardAttribute.maximumText).contains(size) else {
                throw refuse()
            }
            let bytes = try readAttribute(attribute, [UInt8](repeating: 0, count: size), type.id, action, path)
            guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else { throw refuse() }
            return .string(text)
        case H5T_FLOAT where H5Tequal(type.id, steadyset_h5t_f64le()) > 0:
            return .double(try readAttribute(attribute, [0.0], type.id, action, path)[0])
        case H5T_INTEGER where H5Tequal(type.id, steadyset_h5t_i64le()) > 0:
            return .integer(Int(try readAttribute(attribute, [Int64(0)], type.id, action, path)[0]))
        default: throw refuse()
        }
    }

    private static func readAttribute<Element: BitwiseCopyable>(
        _ attribute: borrowing Handle<Attribute>, _ initial: [Element], _ type: hid_t, _ action: String, _ path: String
    ) throws(ShardsError) -> [Element] {
        var values = initial
        let id = attribute.id
        try check(unsafe values.withUnsafeMutableBytes { unsafe H5Aread(id, type, $0.baseAddress) }, action, path: path)
        return values
    }
}
