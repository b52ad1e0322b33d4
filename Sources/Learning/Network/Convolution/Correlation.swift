/// Sums over windows of images: every convolution, forward and backward, on the lattice of its
/// smaller side.
///
/// output(site, o) = Σ over taps and channels c of input(site's window, tap, c) · weights(tap, c,
/// o), with what `Start` and `Finish` say. Large lattices run over the columns of a row; small ones
/// over the samples, and skip the taps that fall outside, which are more than half of them on 2×2
/// sites.
struct Correlation {
    /// What the sums start from.
    enum Start { case zero, bias, output }

    /// What becomes of the sums.
    enum Finish {
        /// They are the output.
        case sums
        /// Their leaky ReLU is.
        case leaky
        /// They are the gradient by an activation that is in the output, and the gradient by its
        /// pre-activation takes its place.
        case gradient
    }

    /// Rows and columns of the lattice.
    let rows: Int
    let columns: Int
    let window: Window
    let placement: Placement
    let input: Images
    let output: Images
    let weights: PackedWeights

    /// Creates the correlation on `output`'s lattice, or that part of it which `placement` picks.
    init(
        _ input: Images, _ window: Window, _ weights: PackedWeights, into output: Images,
        _ placement: Placement = .all
    ) {
        rows = output.rows / placement.step
        columns = output.columns / placement.step
        self.window = window
        self.placement = placement
        self.input = input
        self.output = output
        self.weights = weights
    }

    /// Writes the output of the first `samples` samples.
    func run(samples: Int, bias: Floats, start: Start, finish: Finish, workers: Workers) {
        let end = TileEnd(bias: bias, start: start, finish: finish)
        if Images.isSmall(rows, columns) {
            let blocks = weights.blocks
            workers.each(blocks * rows) { overSamples($0 / rows, row: $0 % rows, samples, end) }
        } else {
            // Few samples are cut into bands of rows; it changes no result.
            let bands = samples >= 8 ? 1 : min(rows, 16)
            workers.each(samples * bands) { task in
                let band = task % bands
                overColumns(
                    task / bands, rows: band * rows / bands..<(band + 1) * rows / bands, end)
            }
        }
    }

    private func overColumns(_ sample: Int, rows: Range<Int>, _ end: TileEnd) {
        for block in 0..<weights.blocks {
            let width = weights.width(block)
            let length = window.taps * weights.inputs
            let loops = NestedSums(
                counts: (1, window.taps, length), left: (0, input.rowStride, 1),
                right: (0, length * width))
            let lines = Lines(
                count: columns, input: input.columnStride * window.step,
                output: output.columnStride * placement.step)
            for row in rows {
                Product.run(
                    loops, lines, width: width,
                    input.at(sample, row * window.step + window.rowOrigin, window.columnOrigin),
                    weights.block(block),
                    into: output.at(sample, row * placement.step + placement.row, placement.column)
                        .advanced(by: block * PackedWeights.width),
                    end.advanced(by: block * PackedWeights.width), TermsAreNeighbours.self)
            }
        }
    }

    private func overSamples(_ block: Int, row: Int, _ samples: Int, _ end: TileEnd) {
        let width = weights.width(block)
        let (inputs, taps) = (weights.inputs, window.taps)
        let lines = Lines(count: samples, input: input.sampleStride, output: output.sampleStride)
        let rowTaps = window.rowTaps(row, of: input.rows)
        for column in 0..<columns {
            let columnTaps = window.columnTaps(column, of: input.columns)
            let loops = NestedSums(
                counts: (rowTaps.count, columnTaps.count, inputs),
                left: (input.rowStride, input.columnStride, 1),
                right: (taps * inputs * width, inputs * width))
            Product.run(
                loops, lines, width: width,
                input.at(
                    0, row * window.step + window.rowOrigin + rowTaps.lowerBound,
                    column * window.step + window.columnOrigin + columnTaps.lowerBound),
                weights.block(block).advanced(
                    by: (rowTaps.lowerBound * taps + columnTaps.lowerBound) * inputs * width),
                into: output.at(
                    0, row * placement.step + placement.row,
                    column * placement.step + placement.column
                ).advanced(by: block * PackedWeights.width),
                end.advanced(by: block * PackedWeights.width), TermsAreNeighbours.self)
        }
    }
}
