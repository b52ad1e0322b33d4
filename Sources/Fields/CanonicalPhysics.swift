internal import Documents
internal import Synchronization

/// The bytes of a physics that ids are made from, written when first asked for and kept: all
/// configurations of a dataset have them in common.
///
/// It follows from the physics, so that any two of them are equal.
final class CanonicalPhysics: Sendable {
    private struct Forms {
        var withOverlap: [UInt8]?
        var withoutOverlap: [UInt8]?
    }

    private let forms = Mutex(Forms())

    /// The canonical form of `physics`, which must be the one that this belongs to.
    func bytes(of physics: Physics, withOverlap: Bool) -> [UInt8] {
        forms.withLock { forms in
            let form = withOverlap ? \Forms.withOverlap : \Forms.withoutOverlap
            if let known = forms[keyPath: form] { return known }
            let bytes = physics.canonical(withOverlap: withOverlap).canonicalBytes
            forms[keyPath: form] = bytes
            return bytes
        }
    }
}

extension CanonicalPhysics: Hashable {
    static func == (a: CanonicalPhysics, b: CanonicalPhysics) -> Bool { true }
    func hash(into hasher: inout Hasher) {}
}

extension Physics {
    /// The members that ids are made from: the overlap policy only where sources do overlap.
    func canonical(withOverlap: Bool) -> JSON {
        var members = json.object ?? [:]
        if !withOverlap { members["overlap"] = nil }
        return .object(members)
    }
}
