/// How far a predicted field is from the label: of one sample.
package struct FieldErrors: Hashable, Sendable {
    private var values: [ErrorMeasure: Double] = [:]
    /// The first site, row by row, whose prediction is not finite, where there is one; the errors
    /// are then of no use.
    package private(set) var badSite: Int?

    /// What `measure` says of the sample; nil where a region has no site, or the label has nothing
    /// to compare with: it is 0, or constant.
    package subscript(measure: ErrorMeasure) -> Double? { values[measure] }

    /// Compares `prediction` with the label `y` of the source image `x`, each (rows, columns), site
    /// by site in order.
    ///
    /// Errors are computed and summed in Double. O(sites).
    package init(x: ArraySlice<Float>, y: ArraySlice<Float>, prediction: ArraySlice<Float>) {
        precondition(
            x.count == y.count && y.count == prediction.count && !x.isEmpty, "fields of one lattice"
        )
        // Sources, R1, R2, R3, R4: every site is in one of them.
        var sums = SIMD8<Double>()
        var counts = SIMD8<Int>()
        var (squares, largest, truths, truthSquares) = (0.0, 0.0, 0.0, 0.0)
        for site in 0..<x.count {
            let truth = Double(y[y.startIndex + site])
            let value = Double(prediction[prediction.startIndex + site])
            let error = abs(value - truth)
            if !value.isFinite, badSite == nil { badSite = site }
            let place =
                x[x.startIndex + site] > 0
                ? 0 : truth >= 0.2 ? 1 : truth >= 0.1 ? 2 : truth >= 0.05 ? 3 : 4
            sums[place] += error
            counts[place] += 1
            squares += error * error
            largest = max(largest, error)
            truths += truth
            truthSquares += truth * truth
        }
        let sites = Double(x.count)
        let (mse, mean) = (squares / sites, truths / sites)
        let variance = y.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / sites
        (values[.mse], values[.largest]) = (mse, largest)
        if truthSquares > 0 { values[.nrmse] = (mse / (truthSquares / sites)).squareRoot() }
        if variance > 0 { values[.vrmse] = (mse / variance).squareRoot() }
        let outside = (sum: sums[1] + sums[2] + sums[3] + sums[4], count: x.count - counts[0])
        func set(_ region: ErrorMeasure, _ sum: Double, _ count: Int) {
            if count > 0 { values[region] = sum / Double(count) }
        }
        set(.mae, sums[0] + outside.sum, x.count)
        set(.sources, sums[0], counts[0])
        set(.field, outside.sum, outside.count)
        for (place, region) in [ErrorMeasure.r1, .r2, .r3, .r4].enumerated() {
            set(region, sums[place + 1], counts[place + 1])
        }
    }
}
