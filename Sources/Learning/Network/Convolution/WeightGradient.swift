/// The gradient by the weights of a correlation: for every tap, input and output the sum over sites
/// and samples of what the window sees times the gradient by the output.
///
/// Every sum has a fixed order. Where the weights are many, each of their blocks is one task; where
/// they are few, fixed groups of samples have sums of their own, which are added in order.
struct WeightGradient {
    /// Groups of samples that few weights are summed by.
    private static let groups = 16
    /// As many tasks of whole sums are enough for any team.
    private static let enoughTasks = 12
    /// Sites whose data a core keeps close.
    static let bandSites = 128

    let window: Window
    let placement: Placement
    let input: Images
    let output: Images
    /// The gradient, in the order of the weights.
    let gradient: PackedWeights
    private let rows: Int
    private let columns: Int
    private let partial: FloatArray

    /// Creates what `Correlation` with the same arguments needs; `output` holds the gradient by its
    /// output.
    init(
        _ input: Images, _ window: Window, inputs: Int, _ output: Images,
        _ placement: Placement = .all
    ) {
        self.window = window
        self.placement = placement
        self.input = input
        self.output = output
        rows = output.rows / placement.step
        columns = output.columns / placement.step
        gradient = PackedWeights(taps: window.taps, inputs: inputs, outputs: output.channels)
        let isSummedByGroups =
            !Images.isSmall(rows, columns) && gradient.blocks * window.taps < Self.enoughTasks
            && output.capacity > 1
        partial = FloatArray(isSummedByGroups ? Self.groups * gradient.numbers.count : 0)
    }

    /// Sets `gradient` from the first `samples` samples.
    func run(samples: Int, workers: Workers) {
        let taps = window.taps
        if Images.isSmall(rows, columns) {
            workers.each(gradient.blocks * taps * taps) {
                overSamples(
                    $0 / (taps * taps), rowTap: $0 / taps % taps, columnTap: $0 % taps, samples)
            }
        } else if partial.count == 0 {
            workers.each(gradient.blocks * taps) { task in
                let (block, tap) = (task / taps, task % taps)
                let length = taps * gradient.inputs * gradient.width(block)
                gradient.block(block).advanced(by: tap * length).clear(length)
                for sample in 0..<samples {
                    for band in bands {
                        withBand(sample, band, block) {
                            overSites(sample, band, block, tap, $0, gradient.numbers.start)
                        }
                    }
                }
            }
        } else {
            let count = gradient.numbers.count
            let groups = min(Self.groups, samples)
            workers.each(groups) { group in
                let sums = partial.start.advanced(by: group * count)
                sums.clear(count)
                for sample in group * samples / groups..<(group + 1) * samples / groups {
                    for band in bands {
                        for block in 0..<gradient.blocks {
                            withBand(sample, band, block) { outputs in
                                for tap in 0..<taps {
                                    overSites(sample, band, block, tap, outputs, sums)
                                }
                            }
                        }
                    }
                }
            }
            gradient.numbers.start.setToSums(of: partial.start, groups: groups, count: count)
        }
    }

    /// The lattice in bands of rows.
    private var bands: [Range<Int>] {
        let height = max(1, Self.bandSites / columns)
        return stride(from: 0, to: rows, by: height).map { $0..<min(rows, $0 + height) }
    }

    /// Calls `body` with a block's outputs on a band of one sample, site after site.
    private func withBand(_ sample: Int, _ band: Range<Int>, _ block: Int, _ body: (Floats) -> Void)
    {
        let loops = Strides(
            counts: (1, band.count, columns),
            strides: (0, output.rowStride * placement.step, output.columnStride * placement.step))
        let first = output.at(
            sample, band.lowerBound * placement.step + placement.row, placement.column)
        Self.withCopy(
            of: first.advanced(by: block * PackedWeights.width), loops,
            width: gradient.width(block), body)
    }

    /// Adds what row `rowTap` of the window sees on a band of one sample to `sums`, which has the
    /// order of the weights.
    private func overSites(
        _ sample: Int, _ band: Range<Int>, _ block: Int, _ rowTap: Int, _ outputs: Floats,
        _ sums: Floats
    ) {
        let width = gradient.width(block)
        let length = window.taps * gradient.inputs
        let loops = NestedSums(
            counts: (1, band.count, columns),
            left: (0, input.rowStride * window.step, input.columnStride * window.step),
            right: (0, columns * width))
        let place = block * PackedWeights.width * window.taps * length + rowTap * length * width
        Product.run(
            loops, Lines(count: length, input: 1, output: width), width: width,
            input.at(
                sample, band.lowerBound * window.step + window.rowOrigin + rowTap,
                window.columnOrigin), outputs, into: sums.advanced(by: place),
            TileEnd(bias: sums, start: .output, finish: .sums), LinesAreNeighbours.self)
    }

    /// Sets what one tap of small images sees, over all sites and samples.
    private func overSamples(_ block: Int, rowTap: Int, columnTap: Int, _ samples: Int) {
        let (width, inputs) = (gradient.width(block), gradient.inputs)
        let rowSites = window.rowSites(rowTap, of: input.rows, below: rows)
        let columnSites = window.columnSites(columnTap, of: input.columns, below: columns)
        let sums = gradient.block(block).advanced(
            by: (rowTap * window.taps + columnTap) * inputs * width)
        guard !rowSites.isEmpty, !columnSites.isEmpty else { return sums.clear(inputs * width) }
        let height = max(1, Self.bandSites / (columnSites.count * samples))
        for row in stride(from: rowSites.lowerBound, to: rowSites.upperBound, by: height) {
            let counts = (min(height, rowSites.upperBound - row), columnSites.count, samples)
            let outputs = Strides(
                counts: counts,
                strides: (
                    output.rowStride * placement.step, output.columnStride * placement.step,
                    output.sampleStride
                ))
            let loops = NestedSums(
                counts: counts,
                left: (
                    input.rowStride * window.step, input.columnStride * window.step,
                    input.sampleStride
                ), right: (counts.1 * samples * width, samples * width))
            let first = output.at(
                0, row * placement.step + placement.row,
                columnSites.lowerBound * placement.step + placement.column)
            Self.withCopy(
                of: first.advanced(by: block * PackedWeights.width), outputs, width: width
            ) { outputs in
                Product.run(
                    loops, Lines(count: inputs, input: 1, output: width), width: width,
                    input.at(
                        0, row * window.step + window.rowOrigin + rowTap,
                        columnSites.lowerBound * window.step + window.columnOrigin + columnTap),
                    outputs, into: sums,
                    TileEnd(
                        bias: sums, start: row == rowSites.lowerBound ? .zero : .output,
                        finish: .sums), LinesAreNeighbours.self)
            }
        }
    }
}
