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
}
