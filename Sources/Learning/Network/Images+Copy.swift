extension Images {
    /// Sets the first channel of `samples` images from flat ones, (samples, rows, columns).
    func copyIn(_ flat: Floats, samples: Int, workers: Workers) {
        workers.each(samples) { sample in
            for row in 0..<rows {
                let (from, to) = (
                    flat.advanced(by: (sample * rows + row) * columns), at(sample, row, 0)
                )
                for column in 0..<columns { to[column &* columnStride] = from[column] }
            }
        }
    }

    /// Writes the first channel of `samples` images as flat ones, (samples, rows, columns).
    func copyOut(to flat: Floats, samples: Int, workers: Workers) {
        workers.each(samples) { sample in
            for row in 0..<rows {
                let (from, to) = (
                    at(sample, row, 0), flat.advanced(by: (sample * rows + row) * columns)
                )
                for column in 0..<columns { to[column] = from[column &* columnStride] }
            }
        }
    }
}
