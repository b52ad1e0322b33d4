extension SplitPlane where Element == Double {
    /// The largest number.
    package var largest: Double {
        var largest = -Double.infinity
        for row in 0..<rows {
            for half in 0...1 {
                let line = self[half: half, row]
                for k in 0..<count(half) where !(line[k] <= largest) { largest = line[k] }
            }
        }
        return largest
    }

    /// Writes u / `scale`, rounded to the nearest multiple of `step` (or to Float32 where it is
    /// nil), row by row.
    package func writeLabel(scale: Double, step: Double?, into label: inout [Float]) {
        let rounded = LabelRounding(scale: scale, step: step)
        for row in 0..<rows {
            for half in 0...1 {
                let line = self[half: half, row]
                for k in 0..<count(half) { label[row * columns + 2 * k + half] = rounded(line[k]) }
            }
        }
    }
}
