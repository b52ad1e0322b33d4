internal import Fields

/// The amplitudes of the wave that is constant across a row, where nothing decays: a (2vᵢ − vᵢ₋₁ −
/// vᵢ₊₁) = qᵢ down the rows, at least one of whose ends is absorbing.
struct ConstantWave {
    let slot: Int
    private let rows: Int
    private let ends: Ends
    private let down: Double

    init(slot: Int, rows: Int, ends: Ends, down: Double) {
        (self.slot, self.rows, self.ends, self.down) = (slot, rows, ends, down)
    }

    /// Amplitudes of every row. O(rows + charges) operations.
    ///
    /// The flux into row i from above, a (vᵢ₋₁ − vᵢ), is that into row 0 less the charges above i;
    /// summing fluxes gives v. A reflecting end has no flux; between two absorbing ends that into
    /// row 0 makes v vanish below the last row.
    func amplitudes(of charges: [Charge], columns: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: rows)
        for charge in charges {
            let row = ends.first == .absorbing ? charge.row : rows - 1 - charge.row
            sums[row] += charge.amount / (Double(columns) * down)
        }
        // Counted from an absorbing end: vᵢ = (i + 1) s − Σ (i − j) qⱼ over j < i, s the slope at
        // it.
        var slope = 0.0
        for (row, sum) in sums.enumerated() {
            slope += ends.first == ends.last ? sum * Double(rows - row) / Double(rows + 1) : sum
        }
        var values = [Double](repeating: 0, count: rows)
        var value = 0.0
        for row in 0..<rows {
            value += slope
            values[row] = value
            slope -= sums[row]
        }
        return ends.first == .absorbing ? values : values.reversed()
    }
}
