/// How a field's numbers become labels: divided by a scale and rounded to the nearest multiple of a
/// step, ties to even, or to Float32 where there is none. The field is nowhere below 0 but for what
/// a solution lacks, and neither is a label.
package struct LabelRounding {
    private let factor: Double
    private let shift: Double
    private let step: Double

    /// - Parameters:
    ///   - scale: What the field is divided by; positive.
    ///   - step: A power of two, or nil for plain Float32.
    package init(scale: Double, step: Double?) {
        // Adding and taking away 1.5 · 2⁵² rounds to an integer, ties to even, and is exact below
        // 2⁵¹. Without a grid, 0 in its place changes nothing. Steps are powers of two, so the
        // products with them are exact.
        shift = step == nil ? 0 : 0x1.8p52
        self.step = step ?? 1
        factor = 1 / self.step / scale
    }

    @inline(__always) package func callAsFunction(_ u: Double) -> Float {
        Float(((factor * (u < 0 ? 0 : u) + shift) - shift) * step)
    }
}
