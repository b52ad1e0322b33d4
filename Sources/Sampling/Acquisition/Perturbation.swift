public import Fields

/// New configurations near given ones: sources are moved, values are changed, and the whole is
/// turned or reflected. What a model finds hard has neighbours that it finds hard as well, and
/// labels cost little.
public struct Perturbation: Hashable, Sendable {
    /// Sites by which a source moves at most, down or up and across, at least 0.
    public var moves: Int
    /// The largest part by which a value changes: a factor from 1/(1 + values) to 1 + values.
    public var values: Double
    /// Whether one of the symmetries that keep the physics is applied, drawn as well.
    public var symmetries: Bool

    /// Creates a perturbation.
    ///
    /// - Throws: `SamplingError` with code `.design` where a parameter is out of range.
    public init(moves: Int = 8, values: Double = 0.25, symmetries: Bool = true)
        throws(SamplingError)
    {
        guard (0...Lattice.sides.upperBound).contains(moves) else {
            throw SamplingError(
                .design,
                "moves of \(moves) sites are not possible: 0 to \(Lattice.sides.upperBound) are")
        }
        guard values >= 0, values <= 10 else {
            throw SamplingError(
                .design, "values that change by \(values) are not possible: 0 to 10 are")
        }
        self.moves = moves
        self.values = values
        self.symmetries = symmetries
    }

    /// Streams of the seed.
    private enum Stream {
        static let sources: UInt32 = 25
        static let whole: UInt32 = 26
    }

    /// Returns neighbour `draw` of `configuration`, a pure function of both and the seed; nil where
    /// sources would overlap that must not, and the next draw may serve.
    ///
    /// A move that would leave the lattice ends at its edge. Values become multiples of 2⁻¹⁶, and
    /// the largest one 1.
    public func neighbour(of configuration: Configuration, draw: Int, seed: UInt32)
        -> Configuration?
    {
        let id = configuration.id.bits
        let (low, high) = (UInt32(truncatingIfNeeded: id), UInt32(truncatingIfNeeded: id >> 32))
        let philox = Philox(seed: seed, stream: Stream.sources)
        let lattice = configuration.physics.lattice
        var moved: [Source] = []
        for (index, source) in configuration.sources.enumerated() {
            guard let box = source.shape.footprint.box else { return nil }
            let words = philox(SIMD4(UInt32(index), UInt32(truncatingIfNeeded: draw), low, high))
            let rows = -box.rows.lowerBound...lattice.rows - 1 - box.rows.upperBound
            let columns = -box.columns.lowerBound...lattice.columns - 1 - box.columns.upperBound
            let unit = Double(words.z) * 0x1p-31 - 1  // [−1, 1)
            let factor = Elementary.exp2(unit * Elementary.log2(1 + values))
            moved.append(
                Source(
                    row: clamp(source.row + offset(words.x), to: rows),
                    column: clamp(source.column + offset(words.y), to: columns),
                    shape: source.shape, value: min(source.value * factor, 1e3)))
        }
        let largest = moved.reduce(0) { max($0, $1.value) }
        let scaled = moved.map { source in
            Source(
                row: source.row, column: source.column, shape: source.shape,
                value: max((source.value / largest * 0x1p16).rounded(), 1) * 0x1p-16)
        }
        guard let neighbour = try? Configuration(physics: configuration.physics, sources: scaled)
        else { return nil }
        guard symmetries else { return neighbour }
        let copies = Symmetry.allCases.compactMap { $0(neighbour) }
        let word = Philox(seed: seed, stream: Stream.whole)(
            SIMD4(0, UInt32(truncatingIfNeeded: draw), low, high)
        ).x
        return copies[Perturbation.whole(below: copies.count, word)]
    }

    /// A whole number from −moves to moves.
    private func offset(_ word: UInt32) -> Int {
        Perturbation.whole(below: 2 * moves + 1, word) - moves
    }

    /// The whole number from 0 that a random word chooses (multiply-high).
    private static func whole(below count: Int, _ word: UInt32) -> Int {
        Int((UInt64(word) * UInt64(count)) >> 32)
    }

    private func clamp(_ value: Int, to range: ClosedRange<Int>) -> Int {
        min(max(value, range.lowerBound), range.upperBound)
    }
}
