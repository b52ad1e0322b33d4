internal import Fields

private typealias Row = UnsafeMutablePointer<Double>
private typealias Vector = SIMD8<Double>
// Adding it and taking it away rounds numbers below 2⁵¹ to integers, ties to even.
private let magic = 0x1.8p52

@inline(__always) private func vector(_ row: UnsafeMutablePointer<Double>, _ column: Int) -> Vector
{ unsafe UnsafeRawPointer(row + column).loadUnaligned(as: Vector.self) }

extension LabelPredictor {
    /// Puts the prediction of `row`, from 1 on, in its line; `above` is row − 1 and `north` row −
    /// 2; `x` are the sources of row − 1, and then those of `row`.
    func predict(
        _ row: Int, _ north: UnsafeMutablePointer<Double>, _ above: UnsafeMutablePointer<Double>,
        _ x: UnsafePointer<Float>, _ coefficients: LabelPrediction.Coefficients, _ factor: Double
    ) {
        let columns = prediction.lattice.columns
        // Most rows have no source.
        let isPinned = unsafe prediction.isPinned && hasSources(x, 2 * columns)
        if isPinned || !prediction.isPinned {
            unsafe fill(scratch[.xAbove], from: x)
            unsafe fill(scratch[.xHere], from: x + columns)
        }
        if prediction.uniform == nil { prepare(row, coefficients) }
        if row == 1, prediction.boundary.top == .periodic {
            for column in 0..<columns { unsafe scratch[.prediction][column] = above[column] }
        } else if let uniform = prediction.uniform {
            unsafe predict(north, above, across: uniform.across, decay: uniform.decay, factor)
        } else {
            unsafe predictVarying(north, above, factor)
        }
        if isPinned { unsafe pin(above) }
    }

    private func predict(
        _ north: Row, _ above: Row, across: Double, decay: Double, _ factor: Double
    ) {
        let (out, x) = unsafe (scratch[.prediction], scratch[.xAbove])
        let emits = !prediction.isPinned
        var column = 0
        while column < prediction.lattice.columns {
            let c = unsafe vector(above, column)
            let sides =
                unsafe across
                * ((c - vector(above, column &- 1)) + (c - vector(above, column &+ 1)))
            var t = unsafe ((c - vector(north, column)) + sides) + decay * c
            if emits { unsafe t -= factor * vector(x, column) }
            unsafe UnsafeMutableRawPointer(out + column).storeBytes(of: c + t, as: Vector.self)
            column &+= 8
        }
    }

    private func predictVarying(_ north: Row, _ above: Row, _ factor: Double) {
        let (out, x) = unsafe (scratch[.prediction], scratch[.xAbove])
        let (gNorth, gSouth, gEast, decay) = unsafe (
            scratch[.north], scratch[.south], scratch[.east], scratch[.decay]
        )
        let emits = !prediction.isPinned
        var column = 0
        while column < prediction.lattice.columns {
            let c = unsafe vector(above, column)
            var t = unsafe vector(gNorth, column) * (c - vector(north, column))
            unsafe t += vector(gEast, column &- 1) * (c - vector(above, column &- 1))
            unsafe t += vector(gEast, column) * (c - vector(above, column &+ 1))
            unsafe t += vector(decay, column) * c
            if emits { unsafe t -= factor * vector(x, column) }
            unsafe UnsafeMutableRawPointer(out + column).storeBytes(
                of: c + t / vector(gSouth, column), as: Vector.self)
            column &+= 8
        }
    }

    /// Where sources hold the field, and below them, where the equation does not.
    private func pin(_ above: Row) {
        let (out, xAbove, xHere) = unsafe (scratch[.prediction], scratch[.xAbove], scratch[.xHere])
        let scale = 1 / (prediction.step ?? 1)
        var column = 0
        while column < prediction.lattice.columns {
            var p = unsafe vector(out, column)
            let (over, here) = unsafe (vector(xAbove, column), vector(xHere, column))
            unsafe p.replace(with: vector(above, column), where: over .!= 0)
            p.replace(with: here * scale, where: here .!= 0)
            unsafe UnsafeMutableRawPointer(out + column).storeBytes(of: p, as: Vector.self)
            column &+= 8
        }
    }

    /// Conductances of the faces of row − 1, and γ on it. Those to the south become those to the
    /// north of the next row.
    private func prepare(_ row: Int, _ coefficients: LabelPrediction.Coefficients) {
        let columns = prediction.lattice.columns
        let count = prediction.lattice.count
        let above = (row - 1) * columns
        func load(
            _ name: PredictionLines.Name, _ constant: Double?, _ values: [Float], _ start: Int
        ) {
            if let constant {
                for column in 0..<columns { unsafe scratch[name][column] = constant }
            } else {
                unsafe fill(scratch[name], from: values, at: start)
            }
        }
        load(.downAbove, prediction.down, coefficients.diffusivity, above)
        load(.downHere, prediction.down, coefficients.diffusivity, above + columns)
        load(
            .across, prediction.across, coefficients.diffusivity,
            above + (prediction.isAnisotropic ? count : 0))
        load(.decay, prediction.decay, coefficients.decayRate, above)
        let (north, south, east) = unsafe (scratch[.north], scratch[.south], scratch[.east])
        let (downAbove, downHere, across) = unsafe (
            scratch[.downAbove], scratch[.downHere], scratch[.across]
        )
        let previous = unsafe row == 1 ? downAbove : south
        for column in 0..<columns { unsafe north[column] = previous[column] }
        for column in 0..<columns {
            let (a, b) = unsafe (downAbove[column], downHere[column])
            unsafe south[column] = a * b / (0.5 * (a + b))
        }
        for column in 0..<columns - 1 {
            let (a, b) = unsafe (across[column], across[column + 1])
            unsafe east[column] = a * b / (0.5 * (a + b))
        }
        let (first, last) = unsafe (across[0], across[columns - 1])
        let around = first * last / (0.5 * (first + last))
        unsafe east[-1] = prediction.boundary.left == .periodic ? around : first
        unsafe east[columns - 1] = prediction.boundary.right == .periodic ? around : last
    }

    private func fill(_ row: Row, from values: UnsafePointer<Float>) {
        for column in 0..<prediction.lattice.columns {
            unsafe row[column] = Double(values[column])
        }
    }

    /// Whether a value is not 0.
    private func hasSources(_ x: UnsafePointer<Float>, _ count: Int) -> Bool {
        var found: UInt32 = 0
        for place in 0..<count { unsafe found |= x[place].bitPattern }
        return found & 0x7FFF_FFFF != 0
    }

    private func fill(_ row: Row, from values: [Float], at start: Int) {
        let columns = prediction.lattice.columns
        unsafe values.withUnsafeBufferPointer { values in
            guard let first = values.baseAddress else { return }
            let from = unsafe first + start
            for column in 0..<columns { unsafe row[column] = Double(from[column]) }
        }
    }

    /// Puts labels, divided by the step, in a line.
    func load(_ labels: UnsafePointer<Float>, to row: UnsafeMutablePointer<Double>) {
        let scale = 1 / (prediction.step ?? 1)
        for column in 0..<prediction.lattice.columns {
            unsafe row[column] = Double(labels[column]) * scale
        }
    }

    /// Limits the predictions to ±2³⁰ and rounds them.
    private func roundPrediction() {
        let out = unsafe scratch[.prediction]
        var column = 0
        while column < prediction.lattice.columns {
            var p = unsafe vector(out, column)
            p.replace(with: 0x1p30, where: p .> 0x1p30)
            p.replace(with: -0x1p30, where: p .< -0x1p30)
            unsafe UnsafeMutableRawPointer(out + column).storeBytes(
                of: (p + magic) - magic, as: Vector.self)
            column &+= 8
        }
    }

    /// Writes the residuals of a row, whose labels are `labels` and, divided by the step, `row`.
    func store(
        _ values: UnsafeMutablePointer<Double>, row: Int, residuals: UnsafeMutablePointer<UInt32>,
        labels: UnsafePointer<Float>
    ) {
        let columns = prediction.lattice.columns
        let out = unsafe scratch[.prediction]
        if prediction.step != nil {
            if row == 0 { unsafe shift(values, to: out) }
            roundPrediction()
            for column in 0..<columns {
                let difference = unsafe (values[column] - out[column]) + magic
                let r = Int32(truncatingIfNeeded: difference.bitPattern)
                unsafe residuals[column] = UInt32(bitPattern: (r &<< 1) ^ (r &>> 31))
            }
        } else {
            if row == 0 { unsafe shift(values, to: out) }
            for column in 0..<columns {
                let r = unsafe place(labels[column]) &- place(Float(out[column]))
                unsafe residuals[column] = UInt32(bitPattern: (r &<< 1) ^ (r &>> 31))
            }
        }
    }

    /// Row 0 is predicted by the site to the left.
    private func shift(_ values: Row, to out: Row) {
        unsafe out[0] = 0
        for column in 1..<prediction.lattice.columns { unsafe out[column] = values[column - 1] }
    }

    /// Replaces the residuals of a row, whose bits `labels` holds, by its labels, and fills
    /// `values` with these, divided by the step.
    func restore(
        _ labels: UnsafeMutablePointer<Float>, row: Int, to values: UnsafeMutablePointer<Double>
    ) {
        let columns = prediction.lattice.columns
        let out = unsafe scratch[.prediction]
        if let step = prediction.step {
            for column in 0..<columns {
                let code = unsafe labels[column].bitPattern
                unsafe values[column] = Double(
                    Int32(bitPattern: code &>> 1) ^ (0 &- Int32(bitPattern: code & 1)))
            }
            if row == 0 {
                for column in 1..<columns { unsafe values[column] += values[column - 1] }
            } else {
                roundPrediction()
                for column in 0..<columns { unsafe values[column] += out[column] }
            }
            for column in 0..<columns { unsafe labels[column] = Float(values[column] * step) }
        } else {
            for column in 0..<columns {
                let code = unsafe labels[column].bitPattern
                let r = Int32(bitPattern: code &>> 1) ^ (0 &- Int32(bitPattern: code & 1))
                let p: Float =
                    unsafe row > 0 ? Float(out[column]) : column > 0 ? labels[column - 1] : 0
                let label = value(place(p) &+ r)
                unsafe labels[column] = label
                unsafe values[column] = Double(label)
            }
        }
    }

    /// Where a number stands in the order of all binary32 numbers.
    @inline(__always) private func place(_ number: Float) -> Int32 {
        let bits = Int32(bitPattern: number.bitPattern)
        return bits ^ ((bits &>> 31) & Int32.max)
    }

    /// The number at a place.
    @inline(__always) private func value(_ place: Int32) -> Float {
        Float(bitPattern: UInt32(bitPattern: place ^ ((place &>> 31) & Int32.max)))
    }
}
