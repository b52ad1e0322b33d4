public import Documents

extension Configuration {
    /// The canonical form that ids are made from (see the article *Formats*): reordered sources
    /// give equal forms where the order does not matter.
    ///
    /// The overlap policy is part of it only where sources do overlap, and the order of sources
    /// only where it matters (overlapping sources under `last`); elsewhere sources are sorted by
    /// row, column, shape, parameters and value.
    public var canonical: JSON {
        let (overlapping, ordered) = canonicalParts
        return .object([
            "physics": physics.canonical(withOverlap: overlapping),
            "sources": .array(ordered.map(\.json)),
        ])
    }

    /// The configuration's id: the first 64 bits, big-endian, of the SHA-256 of the canonical form
    /// (RFC 8785).
    ///
    /// Among n different configurations the chance that two share an id is n²/2⁶⁵, 4·10⁻⁹ for
    /// 400,000.
    public var id: SampleID { SampleID(bits: Digest(of: canonicalBytes).leadingBits) }

    /// The bytes of `canonical`, written without its tree: every stage makes ids.
    private var canonicalBytes: [UInt8] {
        let (overlapping, ordered) = canonicalParts
        var out: [UInt8] = []
        out.reserveCapacity(256 + 96 * ordered.count)
        out += Fragment.physics
        out += physics.canonicalForm.bytes(of: physics, withOverlap: overlapping)
        out += Fragment.sources
        for (position, source) in ordered.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            source.appendCanonical(to: &out)
        }
        out += Fragment.end
        return out
    }

    /// What stands between the parts of a canonical form.
    private enum Fragment {
        static let physics = Array("{\"physics\":".utf8)
        static let sources = Array(",\"sources\":[".utf8)
        static let end = Array("]}".utf8)
    }

    /// Whether the overlap policy is part of the canonical form, and the sources in its order.
    private var canonicalParts: (overlapping: Bool, sources: [Source]) {
        let overlapping = overlaps
        let ordered =
            overlapping && physics.overlap == .last
            ? sources : sources.sorted(by: Configuration.precede)
        return (overlapping, ordered)
    }

    /// The canonical order of sources: by row, column, shape (its code), the shape's parameters in
    /// order, and value. For disks that is row, column, radius and value.
    static func precede(_ a: Source, _ b: Source) -> Bool {
        if let one = a.shape.disk?.radius, let two = b.shape.disk?.radius {
            return (a.row, a.column, one, a.value) < (b.row, b.column, two, b.value)
        }
        let (first, second) = ((a.row, a.column, a.shape.code), (b.row, b.column, b.shape.code))
        guard first == second else { return first < second }
        let (one, two) = (a.shape.parameters, b.shape.parameters)
        return one == two ? a.value < b.value : one.lexicographicallyPrecedes(two)
    }
}
