/// How far a predicted field is from the label: of one sample.
package struct FieldErrors: Hashable, Sendable {
    /// Mean squared error.
    package private(set) var mse = 0.0
    /// Largest absolute error.
    package private(set) var largest = 0.0
    /// Mean absolute errors of the regions that have a site.
    private var means = [Double?](repeating: nil, count: Region.allCases.count)
    /// The first site, row by row, whose prediction is not finite, where there is one; the errors
    /// are then of no use.
    package private(set) var badSite: Int?

    /// The mean absolute error in `region`; nil where it has no site.
    package subscript(region: Region) -> Double? { means[FieldErrors.number(region)] }

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
            mse += error * error
            largest = max(largest, error)
        }
        mse /= Double(x.count)
        let outside = (sum: sums[1] + sums[2] + sums[3] + sums[4], count: x.count - counts[0])
        func set(_ region: Region, _ sum: Double, _ count: Int) {
            if count > 0 { means[FieldErrors.number(region)] = sum / Double(count) }
        }
        set(.all, sums[0] + outside.sum, x.count)
        set(.sources, sums[0], counts[0])
        set(.field, outside.sum, outside.count)
        for (place, region) in [Region.r1, .r2, .r3, .r4].enumerated() {
            set(region, sums[place + 1], counts[place + 1])
        }
    }

    private static func number(_ region: Region) -> Int {
        switch region {
        case .all: 0
        case .sources: 1
        case .field: 2
        case .r1: 3
        case .r2: 4
        case .r3: 5
        case .r4: 6
        }
    }
}
