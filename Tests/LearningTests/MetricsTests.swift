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
        let expected: [(Region, Double)] = [
            (.all, 135.0 / 8), (.sources, 36), (.field, 63.0 / 6), (.r1, 1), (.r2, 3), (.r3, 12),
            (.r4, 32),
        ]
        for (region, mean) in expected {
            #expect(abs(try #require(found[region]) - mean) < 1e-5, "\(region)")
        }
        #expect(abs(found.largest - 64) < 1e-5)
        #expect(abs(found.mse - (64 + 1 + 4 + 16 + 64 + 256 + 1024 + 4096) / 8) < 1e-3)
        #expect(found.badSite == nil)
        let low = FieldErrors(x: [0, 0], y: [0.01, 0.02], prediction: [0, .nan])
        #expect(low[.sources] == nil && low[.r1] == nil && low[.r4] != nil)
        #expect(low.badSite == 1)
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
        var summary = ErrorSummary<Region>()
        summary.add(FieldErrors(x: [1, 0], y: [1, 0], prediction: [0, 0]), sources: 2)
        summary.add(FieldErrors(x: [0, 0], y: [0.3, 0], prediction: [0.1, 0]), sources: 1)
        summary.add(FieldErrors(x: [1, 0], y: [1, 0], prediction: [0.5, 0]), sources: 2)
        let lines = summary.lines
        #expect(lines.filter { $0.sources == 1 }.map(\.measure) == [.all, .field, .r1, .r4])
        let all = lines.filter { $0.sources == nil }
        #expect(all.map(\.measure) == [.all, .sources, .field, .r1, .r4])
        #expect(all.map(\.samples) == [3, 2, 3, 1, 3])
        #expect(
            all[1].mean == 0.75 && all[1].median == 0.75 && all[1].largest == 1
                && all[1].p95 == 0.975)
        #expect(lines.first?.sources == 1, "numbers of sources ascend")
    }
}
