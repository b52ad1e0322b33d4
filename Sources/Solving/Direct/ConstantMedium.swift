internal import Fields

/// A medium whose coefficients are constant, in any unit of time.
package struct ConstantMedium: Hashable, Sendable {
    /// D down the rows, above 0.
    package var down: Double
    /// D across the columns, above 0.
    package var across: Double
    /// γ, at least 0.
    package var decay: Double

    package init(down: Double, across: Double, decay: Double) {
        self.down = down
        self.across = across
        self.decay = decay
    }

    /// The medium of `physics` in the solvers' unit of time, or nil where it varies.
    init?(of physics: Physics) {
        guard let constants = physics.uniform else { return nil }
        let unit = TimeUnit.factor(forDiffusivity: max(constants.down, constants.across))
        self.init(
            down: unit * constants.down, across: unit * constants.across,
            decay: unit * constants.decay)
    }
}
