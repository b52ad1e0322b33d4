internal import Synchronization

/// Manifests that this process has read: it asks for one again and again, and what is in the same
/// bytes need not be found out twice.
///
/// A file is read each time, as others may replace it.
enum KnownManifests {
    /// The most bytes of files that are kept, and the most files.
    static let mostBytes = 64 << 20
    static let most = 32

    private struct Known {
        let path: String
        let bytes: [UInt8]
        let manifest: Manifest
    }

    private static let known = Mutex<[Known]>([])

    /// The manifest that `bytes`, which the file at `path` has, were found to be.
    static func manifest(of bytes: [UInt8], at path: String) -> Manifest? {
        let last = known.withLock { known in known.last { $0.path == path } }
        return last.flatMap { $0.bytes == bytes ? $0.manifest : nil }
    }

    /// Keeps what `bytes` were found to be, and forgets what was found first where it is too much.
    static func keep(_ manifest: Manifest, of bytes: [UInt8], at path: String) {
        known.withLock { known in
            known.removeAll { $0.path == path }
            known.append(Known(path: path, bytes: bytes, manifest: manifest))
            while known.count > most || known.reduce(0, { $0 + $1.bytes.count }) > mostBytes {
                known.removeFirst()
            }
        }
    }
}
