import Fields
import Learning
import Testing

@Suite struct MetricsTests {
    @Test func regionsDivideTheLattice() throws {
        let x: [Float] = [0.5, 0, 0, 0, 0, 0, 0, 1]
        let y: [Float] = [0.5, 0.2, 0.19999, 0.1, 0.0999, 0.05, 0.0499, 0.01]
        let errors: [Float] = [8, 1, -2, 4, -8, 16, 32, -64]
        let found = FieldErrors(
            x: x[...], y: y[...], prediction: zip(y, errors).map { $0 + $1 }[...])
        let expected: [(ErrorMeasure, Double)] = [
            (.mae, 135.0 / 8), (.sources, 36), (.field, 63.0 / 6), (.r1, 1), (.r2, 3), (.r3, 12),
            (.r4, 32),
        ]
        for (region, mean) in expected {
            #expect(abs(try #require(found[region]) - mean) < 1e-5, "\(region)")
        }
        let (largest, mse) = try (#require(found[.largest]), #require(found[.mse]))
        let squares = errors.map { Double($0) * Double($0) }.reduce(0, +)
        #expect(abs(largest - 64) < 1e-5)
        #expect(abs(mse - squares / 8) < 1e-3)
        #expect(found.badSite == nil)
        let low = FieldErrors(x: [0, 0], y: [0.01, 0.02], prediction: [0, .nan])
        #expect(low[.sources] == nil && low[.r1] == nil && low[.r4] != nil)
        #expect(low.badSite == 1)
    }

    /// Relative to the label's size, and to how much it varies; not known where that is nothing.
    @Test func relativeErrorsAreRelative() throws {
        let found = FieldErrors(x: [1, 0, 0, 0], y: [4, 3, 0, 1], prediction: [4, 5, 1, -1])
        #expect(found[.nrmse] == (9.0 / 26).squareRoot())
        #expect(found[.vrmse] == (9.0 / 10).squareRoot() && found[.largest] == 2)
        let constant = FieldErrors(x: [1, 0], y: [0.5, 0.5], prediction: [0.5, 1])
        #expect(constant[.vrmse] == nil && constant[.nrmse] == 0.5.squareRoot())
        #expect(FieldErrors(x: [0, 0], y: [0, 0], prediction: [0, 1])[.nrmse] == nil)
    }

    /// Values of `numpy.percentile([1, 2, 4, 8, 16], q)`, NumPy 2.4.6.
    @Test func percentilesAreNumPys() {
        let values = [1.0, 2, 4, 8, 16]
        for (percent, value) in [(0, 1), (50, 4), (95, 14.4), (99, 15.68), (100, 16), (30, 2.4)]
            as [(Double, Double)]
        { #expect(abs(Percentile.of(ascending: values, percent) - value) < 1e-14, "\(percent)") }
        #expect(Percentile.of(ascending: [7], 99) == 7)
    }

    @Test func summariesCountWhatIsThere() {
        var summary = ErrorSummary<ErrorMeasure>()
        summary.add(FieldErrors(x: [1, 0], y: [1, 0], prediction: [0, 0]), sources: 2)
        summary.add(FieldErrors(x: [0, 0], y: [0.3, 0], prediction: [0.1, 0]), sources: 1)
        summary.add(FieldErrors(x: [1, 0], y: [1, 0], prediction: [0.5, 0]), sources: 2)
        let lines = summary.lines
        #expect(
            lines.filter { $0.sources == 1 }.map(\.measure)
                == [.mae, .mse, .largest, .nrmse, .vrmse, .field, .r1, .r4])
        let all = lines.filter { $0.sources == nil }
        #expect(
            all.map(\.measure) == [
                .mae, .mse, .largest, .nrmse, .vrmse, .sources, .field, .r1, .r4,
            ])
        #expect(all.map(\.samples) == [3, 3, 3, 3, 3, 2, 3, 1, 3])
        #expect(
            all[5].mean == 0.75 && all[5].median == 0.75 && all[5].largest == 1
                && all[5].p95 == 0.975)
        #expect(lines.first?.sources == 1, "numbers of sources ascend")
    }
}

@Suite struct CoverageTests {
    /// Of m + 1 samples in any order, each may be the new one: exactly so often it is covered. No
    /// more than one in m + 1 is covered beyond what was asked for.
    @Test(arguments: [0.000001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999999])
    func oneLeftOutIsCovered(_ chance: Double) throws {
        let coverage = try #require(Coverage(chance))
        for count in [1, 2, 8, 9, 10, 18, 19, 20, 38, 39, 99, 100, 333] {
            let values = (0...count).map { Double($0 * $0) }
            let bounds = values.indices.map { left in
                coverage.bound(ascending: values.indices.filter { $0 != left }.map { values[$0] })
            }
            guard count >= coverage.fewest else {
                #expect(bounds.allSatisfy { $0 == nil })
                continue
            }
            let covered = try zip(values, bounds).count { $0 <= (try #require($1)) }
            let wanted = Double(count + 1) * chance
            #expect(Double(covered) >= wanted - 1e-9 && Double(covered) < wanted + 1, "\(count)")
        }
    }

    @Test func equalValuesAreCovered() throws {
        let coverage = try #require(Coverage(0.9))
        #expect(coverage.bound(ascending: [Double](repeating: 2, count: 9)) == 2)
    }

    @Test(arguments: [0, 1, -0.5, 1.5, .nan, .infinity, 0.1234567])
    func whatIsNoChanceIsRefused(_ chance: Double) { #expect(Coverage(chance) == nil) }
}
