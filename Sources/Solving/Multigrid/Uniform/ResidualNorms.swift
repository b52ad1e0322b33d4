/// How large a residual is, as rounded to Float.
package struct ResidualNorms {
    /// The largest magnitude.
    package let largest: Float
    /// Upper bound on the sum of the squares.
    package let squares: Double

    package init(largest: Float, squares: Double) {
        self.largest = largest
        self.squares = squares
    }
}
