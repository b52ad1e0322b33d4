/// Percentiles by linear interpolation between order statistics (Hyndman and Fan 1996, definition
/// 7), as NumPy's default.
package enum Percentile {
    /// The `percent`-th percentile of values in ascending order, of which there is at least one.
    package static func of(ascending values: [Double], _ percent: Double) -> Double {
        precondition(!values.isEmpty && (0...100).contains(percent), "a percentile of something")
        let place = percent / 100 * Double(values.count - 1)
        let below = min(Int(place), values.count - 1)
        let above = min(below + 1, values.count - 1)
        let part = place - Double(below)
        let step = values[above] - values[below]
        // From the nearer end, so that part = 1 gives the upper value exactly.
        return part < 0.5 ? values[below] + step * part : values[above] - step * (1 - part)
    }
}
