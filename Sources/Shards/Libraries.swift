internal import CHDF5
internal import CZstd

/// The C libraries that files are written with.
public enum Libraries {
    /// Versions by name, as the libraries report them. The corresponding C functions are `H5get_libversion` and
    /// `ZSTD_versionString`.
    public static var versions: [String: String] {
        var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
        _ = unsafe H5get_libversion(&major, &minor, &release)
        return ["hdf5": "\(major).\(minor).\(release)", "zstd": unsafe String(cString: ZSTD_versionString())]
    }
}
