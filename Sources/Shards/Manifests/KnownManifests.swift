internal import Synchronization

/// Manifests that this process has read: it asks for one again and again, and what is in the same
/// bytes need not be found out twice.
///
/// A file is read each time, as others may replace it.
package enum KnownManifests {
    /// The most bytes of files that are kept, and the most files. What they say takes some ten
    /// times as much memory.
    static let mostBytes = 16 << 20
    static let most = 32

    private struct Known {
        let path: String
        let bytes: [UInt8]
        let manifest: Manifest
        /// What was made of the manifest.
        var derived: (any Sendable)?
    }

    private static let known = Mutex<[Known]>([])

    /// The manifest that `bytes`, which the file at `path` has, were found to be.
    static func manifest(of bytes: [UInt8], at path: String) -> Manifest? {
        let last = known.withLock { known in known.last { $0.path == path } }
        return last.flatMap { $0.bytes == bytes ? $0.manifest : nil }
    }

    /// What `make` makes of `manifest`, which was read at `path`: a stage's own type, as a rule. It
    /// is made once, as long as the manifest is kept.
    package static func derived<Value: Sendable>(
        from manifest: Manifest, at path: String, _ make: () throws -> Value
    ) rethrows -> Value {
        // Where it is the one that was kept, both share their storage, and comparing takes no time.
        let last = known.withLock { known in known.last { $0.path == path } }
        let isKept = last?.manifest == manifest
        if isKept, let value = last?.derived as? Value { return value }
        let value = try make()
        if isKept {
            known.withLock { known in
                guard let place = known.lastIndex(where: { $0.path == path }),
                    known[place].bytes == last?.bytes
                else { return }
                known[place].derived = value
            }
        }
        return value
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
