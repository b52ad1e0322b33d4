internal import CHDF5
internal import Synchronization

/// The HDF5 library, one process-wide lock around it, and owners for its handles.
///
/// A serial libhdf5 need not be thread-safe: every call of it, closing included, happens inside
/// `HDF5.locked`.
enum HDF5 {
    /// The number of the driver of files that are written, once the library has been set up; its
    /// lock is the library's lock.
    private static let driver = Mutex<hid_t?>(nil)

    /// Runs `body` while no other thread is inside the library. It must not be nested.
    static func locked<Result: ~Copyable & Sendable>(_ body: () throws(ShardsError) -> Result)
        throws(ShardsError) -> Result
    { try locked { (_: hid_t) throws(ShardsError) in try body() } }

    /// Runs `body`, which hears the number of the driver of files that are written; see
    /// `locked(_:)`.
    static func locked<Result: ~Copyable & Sendable>(_ body: (hid_t) throws(ShardsError) -> Result)
        throws(ShardsError) -> Result
    {
        try driver.withLock { (driver) throws(ShardsError) -> Result in
            if driver == nil { driver = try setUp() }
            silence()
            return try body(driver ?? -1)
        }
    }

    /// Runs `body`, which cannot fail, while no other thread is inside the library: for closing
    /// handles.
    static func lockedForClosing(_ body: () -> Void) {
        driver.withLock { _ in
            silence()
            body()
        }
    }

    private static func setUp() throws(ShardsError) -> hid_t {
        // Every file is closed by its owner; at exit the library would only write again to a disk
        // that is full.
        _ = H5dont_atexit()
        guard H5open() >= 0 else { throw ShardsError(.hdf5, "the HDF5 library cannot start") }
        // A file from a stranger must not make us load code.
        _ = H5PLset_loading_state(0)
        // Only a filter that is registered has its name in the files; without it H5Ocopy makes
        // copies that nothing can read.
        guard steadyset_h5z_register() >= 0 else {
            throw ShardsError(.hdf5, "the HDF5 library takes no filter")
        }
        return try OutputDriver.register()
    }

    /// Errors are thrown with their text, not printed. A thread-safe build of the library keeps
    /// this setting and the error stack for each thread, so it is made at every entry; it costs
    /// nothing.
    private static func silence() { _ = H5Eset_auto2(steadyset_h5e_default(), nil, nil) }

    /// A kind of handle, which knows how it is closed.
    protocol Kind { static func close(_ id: hid_t) -> herr_t }

    /// The corresponding C function is `H5Fclose`.
    enum File: Kind { static func close(_ id: hid_t) -> herr_t { H5Fclose(id) } }
    /// The corresponding C function is `H5Dclose`.
    enum Dataset: Kind { static func close(_ id: hid_t) -> herr_t { H5Dclose(id) } }
    /// The corresponding C function is `H5Gclose`.
    enum Group: Kind { static func close(_ id: hid_t) -> herr_t { H5Gclose(id) } }
    /// The corresponding C function is `H5Oclose`.
    enum Object: Kind { static func close(_ id: hid_t) -> herr_t { H5Oclose(id) } }
    /// The corresponding C function is `H5Sclose`.
    enum Space: Kind { static func close(_ id: hid_t) -> herr_t { H5Sclose(id) } }
    /// The corresponding C function is `H5Tclose`.
    enum Datatype: Kind { static func close(_ id: hid_t) -> herr_t { H5Tclose(id) } }
    /// The corresponding C function is `H5Aclose`.
    enum Attribute: Kind { static func close(_ id: hid_t) -> herr_t { H5Aclose(id) } }
    /// The corresponding C function is `H5Pclose`.
    enum Properties: Kind { static func close(_ id: hid_t) -> herr_t { H5Pclose(id) } }

    /// Owns one handle and closes it; the owner must go away inside `HDF5.locked` or
    /// `lockedForClosing`.
    struct Handle<K: Kind>: ~Copyable, Sendable {
        /// The library's number for the open object.
        let id: hid_t

        /// Takes over the handle that a call returned, or throws what the library says where the
        /// call failed.
        init(_ id: hid_t, _ action: String, path: String) throws(ShardsError) {
            guard id >= 0 else { throw HDF5.failure(action, path: path) }
            self.id = id
        }

        deinit { _ = K.close(id) }

        /// Gives the handle away: who takes its number closes it.
        consuming func release() -> hid_t {
            let id = self.id
            discard self
            return id
        }

        /// Closes the handle and reports what only closing finds, such as a disk that is full.
        consuming func close(_ action: String, path: String) throws(ShardsError) {
            let status = K.close(id)
            discard self
            guard status >= 0 else { throw HDF5.failure(action, path: path) }
        }
    }
}
