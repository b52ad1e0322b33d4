/// The rule of a form whose sites in a row are consecutive.
protocol ConvexRule {
    /// No site is further from the centre, in rows or in columns.
    var reach: Int { get }
    /// Whether the site with these offsets belongs to the form.
    func admits(_ i: Double, _ j: Double) -> Bool
    /// About where row `row` enters and leaves the form, or nil where it is clear of it.
    func estimate(row: Double) -> ClosedRange<Double>?
}

/// Axes that were turned: p along the first, q along the second.
struct TurnedAxes {
    let sine: Double
    let cosine: Double

    init(degrees: Double) { (sine, cosine) = Elementary.sineAndCosine(degrees: degrees) }

    @inline(__always) func p(_ i: Double, _ j: Double) -> Double { i * cosine + j * sine }
    @inline(__always) func q(_ i: Double, _ j: Double) -> Double { j * cosine - i * sine }

    /// About the part of a row where |p| ≤ down and |q| ≤ across, within ±`reach`, or nil. An axis
    /// that the row runs along does not bound it.
    func strips(row: Double, down: Double, across: Double, reach: Double) -> ClosedRange<Double>? {
        var (low, high) = (-reach, reach)
        for (slope, half, offset) in [(sine, down, row * cosine), (cosine, across, 0 - row * sine)]
        where abs(slope) > 0x1p-40 {
            let ends = ((-half - offset) / slope, (half - offset) / slope)
            low = max(low, min(ends.0, ends.1))
            high = min(high, max(ends.0, ends.1))
        }
        return low <= high + 1 ? min(low, high)...max(low, high) : nil
    }
}
