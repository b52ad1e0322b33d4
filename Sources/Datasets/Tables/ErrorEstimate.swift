package import Solving

/// What is known of a prediction's error without a label.
package struct ErrorEstimate: Sendable {
    /// A column of `errors.csv`.
    package enum Measure: String, Hashable, Sendable, CaseIterable {
        /// Certified max |û − u*|.
        case bound
        /// Estimated mean absolute error.
        case mae = "estimate_mae"
        /// Estimated largest absolute error.
        case largest = "estimate_max"
        /// Largest magnitude of the residual.
        case residual = "largest_residual"
    }

    private let bound, mae, largest, residual: Double

    /// The numbers of a judgement; means are summed in Double, site by site.
    package init(_ judgement: FieldEstimate) {
        var (sum, largest) = (0.0, 0.0)
        for error in judgement.estimatedError {
            let magnitude = Double(error.magnitude)
            sum += magnitude
            largest = max(largest, magnitude)
        }
        bound = judgement.errorBound
        mae = sum / Double(max(1, judgement.estimatedError.count))
        self.largest = largest
        residual = judgement.largestResidual
    }

    /// The number in a column.
    package subscript(measure: Measure) -> Double {
        switch measure {
        case .bound: bound
        case .mae: mae
        case .largest: largest
        case .residual: residual
        }
    }
}
