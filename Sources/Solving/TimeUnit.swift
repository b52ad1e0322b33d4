/// The unit of time that methods compute in.
///
/// Only γ/D enters a field, and neither may the numbers that certify it depend on the unit of D and
/// γ. Methods multiply both with a power of 2²⁰ that brings the largest D to within 2¹⁰ of 1, which
/// rounds nothing (nor does a square root, as the power is even), and keeps cycles within Float.
/// Ordinary units stay as they are.
enum TimeUnit {
    /// What D and γ are multiplied with where D is at most `largest`, a positive number.
    static func factor(forDiffusivity largest: Double) -> Double {
        let steps = (Double(largest.exponent) / 20).rounded()
        return Double(sign: .plus, exponent: -20 * Int(steps), significand: 1)
    }
}
