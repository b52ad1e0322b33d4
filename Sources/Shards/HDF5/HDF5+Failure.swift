internal import CHDF5

extension HDF5 {
    /// Throws where a call returned a negative status.
    static func check(_ status: herr_t, _ action: String, path: String) throws(ShardsError) {
        guard status >= 0 else { throw failure(action, path: path) }
    }

    /// Turns the library's error stack into an error: the reason is the deepest description.
    ///
    /// The file driver writes the system's `errno` into its description; where it is there, it
    /// decides, so that a full disk is reported as one. The corresponding C function is `H5Ewalk2`.
    static func failure(_ action: String, path: String) -> ShardsError {
        var descriptions: [String] = []
        let status = unsafe withUnsafeMutablePointer(to: &descriptions) { descriptions in
            unsafe H5Ewalk2(
                steadyset_h5e_default(), H5E_WALK_UPWARD,
                { _, entry, context in
                    // The pointers live as long as this call, in which they are read.
                    guard let entry = unsafe entry, let text = unsafe entry.pointee.desc,
                        let context = unsafe context
                    else { return 0 }
                    unsafe context.assumingMemoryBound(to: [String].self).pointee.append(
                        String(cString: text))
                    return 0
                }, descriptions)
        }
        guard status >= 0, let deepest = descriptions.first(where: { !$0.isEmpty }) else {
            return ShardsError(
                .hdf5, "HDF5 cannot \(action) \(path), and gives no reason", path: path)
        }
        if let number = descriptions.lazy.compactMap(systemError).first {
            return ShardsError(errno: number, action, path: path)
        }
        return ShardsError(.hdf5, "HDF5 cannot \(action) \(path): \(deepest)", path: path)
    }

    /// The number after "errno = " in a description of the file driver.
    private static func systemError(in description: String) -> Int32? {
        guard let mark = description.firstRange(of: "errno = ") else { return nil }
        return Int32(description[mark.upperBound...].prefix(while: \.isNumber))
    }
}

extension ShardsError {
    /// The error of reading a file: where HDF5 itself finds fault, and not the system, the file is
    /// damaged.
    var asDamage: ShardsError {
        switch code {
        case .hdf5:
            ShardsError(
                .corrupt,
                "\(message); the file is damaged or incomplete: copy or build it again",
                path: path)
        case .readOnly: ShardsError(.unreadable, message, path: path)
        default: self
        }
    }
}
