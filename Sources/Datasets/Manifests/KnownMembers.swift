internal import Shards
internal import Synchronization

/// The members of manifests that this process has read, as `Manifest.read` keeps the manifests: a
/// step of the plan asks for the same one several times, and it may list 10,000 parts.
enum KnownMembers {
    /// The most that are kept.
    private static let most = 16

    private struct Known {
        let path: String
        let manifest: Manifest
        let members: any StageManifest
    }

    private static let known = Mutex<[Known]>([])

    /// What the manifest at `path` was found to say. It is compared in no time where it is the one
    /// that was kept, as both share their storage.
    static func of<Own: StageManifest>(_ manifest: Manifest, at path: String) -> Own? {
        let last = known.withLock { known in
            known.last { $0.path == path && $0.members is Own }
        }
        return last.flatMap { $0.manifest == manifest ? $0.members as? Own : nil }
    }

    /// Keeps what a manifest was found to say, and forgets what was found first.
    static func keep(_ members: any StageManifest, of manifest: Manifest, at path: String) {
        known.withLock { known in
            known.removeAll { $0.path == path }
            known.append(Known(path: path, manifest: manifest, members: members))
            if known.count > most { known.removeFirst() }
        }
    }
}
