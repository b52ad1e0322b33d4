/// A measure of a predicted field's errors, by its column in `errors.csv`.
///
/// Regions are of Toledo-Marín, Glazier and Fox 2023, §3; R4 is in their released code.
package enum ErrorMeasure: String, Hashable, Sendable, CaseIterable {
    /// Mean absolute error over all sites.
    case mae
    /// Mean squared error.
    case mse
    /// Largest absolute error.
    case largest = "max"
    /// Root mean squared error over the root mean square of the label: the relative L2 error.
    case nrmse
    /// Root mean squared error over the standard deviation of the label (Ohana et al. 2024, The
    /// Well, without a constant in the denominator).
    case vrmse
    /// Mean absolute error over sites with x > 0.
    case sources
    /// Over all other sites.
    case field
    /// Over sites of the field with y ≥ 0.2.
    case r1
    /// Over sites of the field with 0.1 ≤ y < 0.2.
    case r2
    /// Over sites of the field with 0.05 ≤ y < 0.1.
    case r3
    /// Over sites of the field with y < 0.05.
    case r4

    /// Whether it is of a region, which a sample may have no site of.
    package var isOfRegion: Bool {
        switch self {
        case .mae, .mse, .largest, .nrmse, .vrmse: false
        case .sources, .field, .r1, .r2, .r3, .r4: true
        }
    }
}
