extension FineLevel {
    /// The largest field on a source's site.
    func largestSourceField() -> Double {
        var largest = 0.0
        for row in 0..<lattice.rows {
            for index in sources.row(row) {
                let site = sources.sites[index]
                largest = max(largest, field[Int(site.colour), row][Int(site.k)])
            }
        }
        return largest
    }

    /// Writes u / `scale`, rounded to the nearest multiple of `step` (or to Float32 where it is
    /// nil), row by row.
    func writeLabel(scale: Double, step: Double?, into label: inout [Float]) {
        precondition(
            label.count == lattice.rows * lattice.columns,
            "the label has another lattice's size")
        let rounded = LabelRounding(scale: scale, step: step)
        let columns = lattice.columns
        unsafe label.withUnsafeMutableBufferPointer { buffer in
            for row in 0..<lattice.rows {
                // The colour that stands at even columns comes first. `buffer`, whose size was
                // checked, outlives the line.
                let (even, odd) = (field[row & 1, row], field[1 - row & 1, row])
                let output = unsafe Line(
                    start: buffer.baseAddress.unsafelyUnwrapped + row &* columns)
                var k = 0
                while k < columns / 2 {
                    output[2 &* k] = rounded(even[k])
                    output[2 &* k &+ 1] = rounded(odd[k])
                    k &+= 1
                }
                if columns & 1 == 1 { output[columns &- 1] = rounded(even[k]) }
            }
        }
    }
}
