internal import CHDF5

extension HDF5 {
    /// The file driver through which the library writes: every byte goes through an `OutputFile`,
    /// which keeps what fails.
    ///
    /// The library never hears of a failure, as it would drop some of them (what it flushes when a
    /// handle is closed without looking) and leave files open after others; the owner of the
    /// `OutputFile` asks it instead, and `finish()` cannot be passed with a write that was lost.
    /// Space is laid out as by the library's own driver `sec2`, byte for byte.
    enum OutputDriver {
        /// What the library knows of an open file; its own part comes first.
        @unsafe private struct Record {
            var head = unsafe H5FD_t()
            let output: Unmanaged<OutputFile>
            /// Bytes that the library has given out.
            var allocated: haddr_t = 0
        }

        /// The name that the library shows in messages.
        private static let name: StaticString = "steadyset"

        /// Makes the driver known to the library; returns its number. The corresponding C function
        /// is `H5FDregister`.
        static func register() throws(ShardsError) -> hid_t {
            var driver = unsafe H5FD_class_t()
            unsafe driver.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(
                to: CChar.self)
            unsafe driver.maxaddr = haddr_t(Int64.max)
            unsafe driver.fc_degree = H5F_CLOSE_WEAK
            unsafe driver.fapl_size = MemoryLayout<UnsafeRawPointer>.size
            unsafe driver.open = { unsafe OutputDriver.open($0, $1, $2, $3) }
            unsafe driver.close = { unsafe OutputDriver.close($0) }
            unsafe driver.query = { unsafe OutputDriver.query($0, $1) }
            unsafe driver.get_eoa = { file, _ in
                unsafe OutputDriver.record(file)?.pointee.allocated ?? haddr_t.max
            }
            unsafe driver.set_eoa = { file, _, address in
                unsafe OutputDriver.record(file)?.pointee.allocated = address
                return 0
            }
            unsafe driver.get_eof = { file, _ in
                unsafe haddr_t(OutputDriver.output(file)?.count ?? 0)
            }
            unsafe driver.read = { file, _, _, address, count, buffer in
                unsafe OutputDriver.output(file)?.read(
                    into: UnsafeMutableRawBufferPointer(start: buffer, count: count),
                    from: Int(address))
                return 0
            }
            unsafe driver.write = { file, _, _, address, count, buffer in
                unsafe OutputDriver.output(file)?.put(
                    Array(UnsafeRawBufferPointer(start: buffer, count: count)), at: Int(address))
                return 0
            }
            unsafe driver.truncate = { file, _, _ in
                if let allocated = unsafe OutputDriver.record(file)?.pointee.allocated,
                    let output = unsafe OutputDriver.output(file), output.count != Int(allocated)
                {
                    output.truncate(to: Int(allocated))
                }
                return 0
            }
            // As the library's own driver: records of each kind come from the same free space as
            // those of its like.
            let (records, data) = (H5FD_MEM_SUPER, H5FD_MEM_DRAW)
            unsafe driver.fl_map = (records, records, records, data, data, records, records)
            let id = unsafe H5FDregister(&driver)
            guard id >= 0 else {
                throw HDF5.failure("register the file driver of", path: "steadyset")
            }
            return id
        }

        /// Makes files that are created with the properties `access` go to `output`.
        ///
        /// The corresponding C function is `H5Pset_driver`.
        static func direct(_ access: hid_t, to output: OutputFile, driver: hid_t)
            throws(ShardsError)
        {
            // The library copies the pointer; it uses it in `H5Fcreate`, while the caller holds the
            // object.
            var pointer: UnsafeRawPointer? = unsafe UnsafeRawPointer(
                Unmanaged.passUnretained(output).toOpaque())
            try HDF5.check(
                unsafe H5Pset_driver(access, driver, &pointer), "create", path: output.path)
        }

        private static func open(
            _ name: UnsafePointer<CChar>?, _ flags: UInt32, _ access: hid_t, _ limit: haddr_t
        ) -> UnsafeMutablePointer<H5FD_t>? {
            guard let information = unsafe H5Pget_driver_info(access),
                let object = unsafe information.load(as: UnsafeRawPointer?.self)
            else { return nil }
            // The open file holds a reference until it is closed.
            let output = unsafe Unmanaged<OutputFile>.fromOpaque(object).retain()
            let record = UnsafeMutablePointer<Record>.allocate(capacity: 1)
            unsafe record.initialize(to: Record(output: output))
            return unsafe UnsafeMutableRawPointer(record).assumingMemoryBound(to: H5FD_t.self)
        }

        private static func close(_ file: UnsafeMutablePointer<H5FD_t>?) -> herr_t {
            guard let record = unsafe record(file) else { return -1 }
            unsafe record.pointee.output.release()
            unsafe record.deinitialize(count: 1)
            unsafe record.deallocate()
            return 0
        }

        private static func query(
            _ file: UnsafePointer<H5FD_t>?, _ flags: UnsafeMutablePointer<UInt>?
        ) -> herr_t {
            // What `sec2` says, as the layout of the file depends on it.
            let answer =
                H5FD_FEAT_AGGREGATE_METADATA | steadyset_h5fd_accumulate_metadata()
                | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA
                | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE
            unsafe flags?.pointee = UInt(answer)
            return 0
        }

        private static func record(_ file: UnsafePointer<H5FD_t>?) -> UnsafeMutablePointer<Record>?
        { unsafe record(UnsafeMutablePointer(mutating: file)) }

        private static func record(_ file: UnsafeMutablePointer<H5FD_t>?) -> UnsafeMutablePointer<
            Record
        >? { unsafe UnsafeMutableRawPointer(file)?.assumingMemoryBound(to: Record.self) }

        private static func output(_ file: UnsafePointer<H5FD_t>?) -> OutputFile? {
            unsafe record(file)?.pointee.output.takeUnretainedValue()
        }

        private static func output(_ file: UnsafeMutablePointer<H5FD_t>?) -> OutputFile? {
            unsafe record(file)?.pointee.output.takeUnretainedValue()
        }
    }
}
