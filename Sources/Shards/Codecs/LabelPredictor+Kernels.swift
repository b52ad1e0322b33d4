internal import Fields

/// Lines of binary64 numbers, one lattice row each, with room for the ghost sites on both sides.
@safe final class PredictionLines {
    /// What a line is for; rows i − 2, i − 1 and i are the three last fields and change places.
    enum Name: Int, CaseIterable {
        case prediction, xAbove, xHere, north, south, east, across, decay, downAbove, downHere,
            first, second, third
    }
    private let storage: UnsafeMutablePointer<Double>
    private let stride: Int
    let columns: Int

    init(columns: Int) {
        self.columns = columns
        stride = (columns + 31) & ~7
        let count = stride * Name.allCases.count
        unsafe storage = .allocate(capacity: count)
        // 1 everywhere, so that no division in the padding is by 0.
        unsafe storage.initialize(repeating: 1, count: count)
    }

    deinit { unsafe storage.deallocate() }

    /// Where column 0 of a line is; columns −1 and `columns`, and the rest of the last vector,
    /// belong to it too.
    @inline(__always) subscript(name: Name) -> UnsafeMutablePointer<Double> {
        unsafe storage + (name.rawValue * stride + 8)
    }
}

private typealias Row = UnsafeMutablePointer<Double>
// Adding it and taking it away rounds numbers below 2⁵¹ to integers, ties to even.
private let magic = 0x1.8p52

extension LabelPredictor {
    private typealias Coefficients = LabelPrediction.Coefficients

    /// Whether every value is a multiple of the step, at most 2³⁰ of them, and its integer gives it
    /// back bit for bit; and whether one is 2³⁰ of them, so that its residual may be 2³¹, which 32
    /// bits do not tell from −2³¹.
    func representable(_ y: [Float]) -> (Bool, mayWrap: Bool) {
        guard let step = prediction.step else { return (y.allSatisfy(\.isFinite), false) }
        let scale = 1 / step
        return unsafe y.withUnsafeBufferPointer { y in
            // Integers alone are carried from site to site, so that the loop becomes vectors.
            var differing: UInt32 = 0
            var magnitude: UInt32 = 0
            var top = Int32.min
            for site in 0..<y.count {
                let bits = unsafe y[site].bitPattern
                let q = unsafe Double(y[site]) * scale
                let back = Float(((q + magic) - magic) * step)
                differing |= back.bitPattern ^ bits
                magnitude = max(magnitude, bits & 0x7FFF_FFFF)
                top = max(top, Int32(bitPattern: bits))
            }
            // Binary32 numbers without sign are in the order of their bits; NaN is beyond infinity.
            let largest = Float(bitPattern: magnitude)
            let isInRange = largest.isFinite && Double(largest) * scale <= 0x1p30
            let highest = top >= 0 ? Double(Float(bitPattern: UInt32(top))) * scale : 0
            return (differing == 0 && isInRange, highest == 0x1p30)
        }
    }

    /// The residuals of `y`, as bytes.
    func encoded(
        _ y: [Float], x: [Float], _ coefficients: LabelPrediction.Coefficients, factor: Double
    ) -> [UInt8] {
        let (rows, columns) = (prediction.lattice.rows, prediction.lattice.columns)
        return unsafe [UInt8](unsafeUninitializedCapacity: 4 * y.count) { bytes, count in
            let out = unsafe UnsafeMutableRawBufferPointer(bytes).bindMemory(to: UInt32.self)
            unsafe y.withUnsafeBufferPointer { y in
                guard let labels = y.baseAddress, let residuals = out.baseAddress else { return }
                unsafe walk(x.span, coefficients, factor: factor) { row, target in
                    let (from, to) = unsafe (labels + row * columns, residuals + row * columns)
                    unsafe load(from, to: target)
                    unsafe store(target, row: row, residuals: to, labels: from)
                }
            }
            count = 4 * rows * columns
        }
    }

    /// Puts labels in the place of residuals, whose bits `y` holds.
    func decode(
        _ y: inout MutableSpan<Float>, x: Span<Float>,
        _ coefficients: LabelPrediction.Coefficients, factor: Double
    ) {
        let columns = prediction.lattice.columns
        unsafe y.withUnsafeMutableBufferPointer { y in
            guard let fields = y.baseAddress else { return }
            unsafe walk(x, coefficients, factor: factor) { row, target in
                unsafe restore(fields + row * columns, row: row, to: target)
            }
        }
    }

    /// The least-squares factor f of x in the equation: over all sites with sources, the equation
    /// without its source term leaves f·x.
    func sourceFactor(of y: [Float], x: [Float], _ coefficients: LabelPrediction.Coefficients)
        -> Double
    {
        let columns = prediction.lattice.columns
        var (sum, squares) = (0.0, 0.0)
        unsafe y.withUnsafeBufferPointer { y in
            guard let labels = y.baseAddress else { return }
            unsafe walk(x.span, coefficients, factor: 0) { row, target in
                unsafe load(labels + row * columns, to: target)
                guard row > 0, !(row == 1 && prediction.boundary.top == .periodic) else { return }
                let (above, predicted) = unsafe (scratch[.xAbove], scratch[.prediction])
                for column in 0..<columns where unsafe above[column] != 0 {
                    let conductance = unsafe prediction.uniform == nil ? scratch[.south][column] : 1
                    unsafe sum +=
                        above[column] * ((predicted[column] - target[column]) * conductance)
                    unsafe squares += above[column] * above[column]
                }
            }
        }
        return squares > 0 && (sum / squares).isFinite ? sum / squares : 0
    }

    /// Goes down the rows: predicts each from the two above it, then has `body` fill it in.
    private func walk(
        _ x: Span<Float>, _ coefficients: Coefficients, factor: Double, _ body: (Int, Row) -> Void
    ) {
        unsafe x.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            unsafe walk(x, coefficients, factor, body)
        }
    }

    private func walk(
        _ x: UnsafePointer<Float>, _ coefficients: Coefficients, _ factor: Double,
        _ body: (Int, Row) -> Void
    ) {
        let columns = prediction.lattice.columns
        var (north, above, here) = unsafe (scratch[.first], scratch[.second], scratch[.third])
        for row in 0..<prediction.lattice.rows {
            if row == 1 {
                // North of row 0.
                switch prediction.boundary.top {
                case .reflecting:
                    for column in -1...columns { unsafe north[column] = above[column] }
                default: for column in -1...columns { unsafe north[column] = 0 }
                }
            }
            if row > 0 {
                unsafe predict(row, north, above, x + (row - 1) * columns, coefficients, factor)
            }
            unsafe body(row, here)
            unsafe close(here)
            unsafe (north, above, here) = (above, here, north)
        }
    }

    /// Fills the ghost sites of a row.
    @inline(__always) private func close(_ row: Row) {
        let columns = prediction.lattice.columns
        switch prediction.boundary.left {
        case .absorbing: unsafe row[-1] = 0
        case .reflecting: unsafe row[-1] = row[0]
        case .periodic: unsafe row[-1] = row[columns - 1]
        }
        switch prediction.boundary.right {
        case .absorbing: unsafe row[columns] = 0
        case .reflecting: unsafe row[columns] = row[columns - 1]
        case .periodic: unsafe row[columns] = row[0]
        }
    }
}
