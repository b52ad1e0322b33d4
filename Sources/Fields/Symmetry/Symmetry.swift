/// A reflection or a turn that carries the lattice onto itself: the eight symmetries of a square,
/// four of which any rectangle has.
public struct Symmetry: Hashable, Sendable, CaseIterable {
    /// Whether rows become columns, before anything else.
    public let isTransposed: Bool
    /// Whether the order of rows is reversed, after that.
    public let flipsRows: Bool
    /// Whether the order of columns is reversed.
    public let flipsColumns: Bool

    /// All eight, the identity first.
    public static let allCases: [Symmetry] = [false, true].flatMap { transposed in
        [false, true].flatMap { rows in
            [false, true].map {
                Symmetry(isTransposed: transposed, flipsRows: rows, flipsColumns: $0)
            }
        }
    }

    /// Returns the copy of `configuration`, or nil where its physics would not stay the same.
    ///
    /// The field of a copy is the copy of the field, whatever the angles, as sites on an edge
    /// belong to every form but polygons: of these, upper and left edges become lower and right
    /// ones, and sites on them may differ.
    public func callAsFunction(_ configuration: Configuration) -> Configuration? {
        guard keeps(configuration.physics) else { return nil }
        let lattice = configuration.physics.lattice
        return try? Configuration(
            physics: configuration.physics,
            sources: configuration.sources.map { source in
                let (row, column) =
                    isTransposed ? (source.column, source.row) : (source.row, source.column)
                return Source(
                    row: flipsRows ? lattice.rows - 1 - row : row,
                    column: flipsColumns ? lattice.columns - 1 - column : column,
                    shape: Shape(
                        source.shape.form.copy(
                            isTransposed: isTransposed, flipsRows: flipsRows,
                            flipsColumns: flipsColumns)), value: source.value)
            })
    }

    /// Where site (`row`, `column`) of `lattice` goes; rows and columns must be as many where they
    /// are exchanged.
    package func site(row: Int, column: Int, on lattice: Lattice) -> (row: Int, column: Int) {
        let (down, across) = isTransposed ? (column, row) : (row, column)
        return (
            flipsRows ? lattice.rows - 1 - down : down,
            flipsColumns ? lattice.columns - 1 - across : across
        )
    }

    /// Whether the equation looks the same afterwards, as far as its coefficients are constant or
    /// layered: true is certain, of regions and random fields it is not asked.
    package func keeps(_ physics: Physics) -> Bool {
        guard self != Symmetry.allCases[0] else { return true }
        guard keeps(physics.lattice, physics.boundary) else { return false }
        let down = physics.diffusivity.down
        let across = physics.diffusivity.across
        return copy(of: isTransposed ? across : down, on: physics.lattice) == down
            && copy(of: isTransposed ? down : across, on: physics.lattice) == across
            && copy(of: physics.decayRate, on: physics.lattice) == physics.decayRate
    }

    /// Whether the lattice and what holds at its sides look the same afterwards.
    func keeps(_ lattice: Lattice, _ boundary: Boundary) -> Bool {
        if isTransposed, lattice.rows != lattice.columns { return false }
        let sides =
            isTransposed
            ? (boundary.left, boundary.right, boundary.top, boundary.bottom)
            : (boundary.top, boundary.bottom, boundary.left, boundary.right)
        let (top, bottom) = flipsRows ? (sides.1, sides.0) : (sides.0, sides.1)
        let (left, right) = flipsColumns ? (sides.3, sides.2) : (sides.2, sides.3)
        return top == boundary.top && bottom == boundary.bottom && left == boundary.left
            && right == boundary.right
    }

    /// The copy of a coefficient that is constant or layered; nil for any other.
    private func copy(of coefficient: Coefficient, on lattice: Lattice) -> Coefficient? {
        switch coefficient {
        case .constant: return coefficient
        case .layered(let layers):
            let axis: Coefficient.Layers.Axis =
                isTransposed ? (layers.axis == .rows ? .columns : .rows) : layers.axis
            let isFlipped = axis == .rows ? flipsRows : flipsColumns
            let side = axis == .rows ? lattice.rows : lattice.columns
            return .layered(
                Coefficient.Layers(
                    axis: axis,
                    edges: isFlipped ? layers.edges.reversed().map { side - $0 } : layers.edges,
                    values: isFlipped ? layers.values.reversed() : layers.values))
        case .regions, .random, .gaussian: return nil
        }
    }
}
