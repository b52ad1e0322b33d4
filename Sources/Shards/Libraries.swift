internal import CHDF5
internal import CZstd

/// The C libraries that files are written with.
public enum Libraries {
    /// Versions by name, as the libraries report them. The corresponding C functions are
    /// `H5get_libversion` and `ZSTD_versionString`.
    public static var versions: [String: String] {
        // Any call of HDF5 starts the library, which must happen as `HDF5` does it.
        let hdf5 = try? HDF5.locked { () throws(ShardsError) -> String in
            var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
            _ = unsafe H5get_libversion(&major, &minor, &release)
            return "\(major).\(minor).\(release)"
        }
        return ["hdf5": hdf5 ?? "unknown", "zstd": unsafe String(cString: ZSTD_versionString())]
    }

    /// The versions whose headers this program was compiled with, by the same names.
    package static var builtWith: [String: String] {
        [
            "hdf5": "\(H5_VERS_MAJOR).\(H5_VERS_MINOR).\(H5_VERS_RELEASE)",
            "zstd": "\(ZSTD_VERSION_MAJOR).\(ZSTD_VERSION_MINOR).\(ZSTD_VERSION_RELEASE)",
        ]
    }
}
