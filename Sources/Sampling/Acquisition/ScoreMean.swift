/// Means of scores, which anybody may have written.
public enum ScoreMean {
    /// Returns Σ score / count, 0 for none; finite for finite scores, even where their sum is not.
    public static func of(_ scores: some Collection<Double>) -> Double {
        let count = Double(max(1, scores.count))
        let sum = scores.reduce(0, +)
        // The second form rounds every term, so it is kept for what the first cannot do.
        guard !sum.isFinite else { return sum / count }
        return min(scores.reduce(0) { $0 + $1 / count }, .greatestFiniteMagnitude)
    }
}
