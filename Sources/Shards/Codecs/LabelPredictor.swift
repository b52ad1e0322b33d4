internal import Fields

/// The archive codec of labels: turns a label into the differences from what the equation predicts,
/// and back, bit for bit.
///
/// All arithmetic is IEEE binary64 with the operations +, −, ×, ÷ in the order written here, so any
/// machine, and NumPy, makes the same predictions. With k the label's step, q = y/k; without a grid
/// k = 1 and q = y. Lines outside the lattice are 0 where the side is absorbing, the last line
/// itself where it is reflecting, the opposite one where it is periodic. x is the source image. The
/// prediction p of q(i, j):
///
/// 1. i = 0: q(0, j − 1), and 0 for j = 0;
/// 2. else, where sources are pinned and x(i, j) ≠ 0: x(i, j) · (1/k);
/// 3. else, where sources are pinned and x(i − 1, j) ≠ 0, or where i = 1 and the top is periodic:
///    q(i − 1, j);
/// 4. else c + t with c = q(i − 1, j) and its neighbours n, w, e; f is the sample's
///    `source_factor`, X = x(i − 1, j), and for pinned sources there is no last term:
///    - constant coefficients, α and β being D across and γ, both divided by D down:
///      t = ((c − n) + α·((c − w) + (c − e))) + β·c − f·X
///    - others: t = (((N·(c − n) + W·(c − w)) + E·(c − e)) + γ·c − f·X) / S with the conductances
///      a·b / (0.5·(a + b)) of the faces; that of a side is the site's own D, and the harmonic mean
///      with the opposite site where it is periodic.
///
/// On a grid p is limited to ±2³⁰ and rounded to an integer, ties to even, and the residual is r =
/// q − p. Without one, p is rounded to binary32, and r is the difference modulo 2³² between the
/// places of y and p in the order of all binary32 numbers: the place is the bit pattern as a signed
/// integer, with its lower 31 bits inverted where it is negative. What is stored is (r << 1) ^ (r
/// >> 31), which is small where |r| is.
///
/// A predictor has scratch memory, so each thread has its own. O(sites).
package struct LabelPredictor {
    /// What is predicted.
    package let prediction: LabelPrediction
    let scratch: PredictionLines

    /// Creates a predictor for labels as `prediction` says.
    package init(_ prediction: LabelPrediction) {
        self.init(prediction, scratch: PredictionLines(columns: prediction.lattice.columns))
    }

    /// Creates a predictor with scratch memory for lines of the lattice's length.
    init(_ prediction: LabelPrediction, scratch: PredictionLines) {
        precondition(scratch.columns == prediction.lattice.columns, "the lines fit the lattice")
        self.prediction = prediction
        self.scratch = scratch
    }

    /// Returns the bytes of the residuals of `y`, little-endian, (rows, columns) of four bytes, and
    /// the factor of x in the equation, which is 0 for pinned sources.
    ///
    /// - Throws: `ShardsError` with code `.format` where a value is no multiple of the step, or
    ///   where the equation's coefficients cannot be predicted from.
    package func residual(of y: [Float], x: [Float], coefficients: LabelPrediction.Coefficients)
        throws(ShardsError) -> (bytes: [UInt8], sourceFactor: Double)
    {
        precondition(
            y.count == prediction.lattice.count && x.count == y.count,
            "fields have one value per site")
        try prediction.check(coefficients)
        let (isRepresentable, mayWrap) = representable(y)
        guard isRepresentable else {
            throw ShardsError(
                .format,
                "a value of y is no multiple of the grid's step, or larger than 2³⁰ of them: the "
                    + "archive codec cannot hold it; use another codec")
        }
        let factor = prediction.isPinned ? 0 : sourceFactor(of: y, x: x, coefficients)
        let bytes = encoded(y, x: x, coefficients, factor: factor)
        guard !mayWrap || isLabel(y, of: bytes, x: x, coefficients, factor: factor) else {
            throw ShardsError(
                .format,
                "a value of y is 2³⁰ steps of the grid, and as far below 0 is what the equation "
                    + "predicts: the archive codec cannot hold it; use another codec")
        }
        return (bytes, factor)
    }

    /// Whether the residuals in `bytes` give `y` back.
    private func isLabel(
        _ y: [Float], of bytes: [UInt8], x: [Float], _ coefficients: LabelPrediction.Coefficients,
        factor: Double
    ) -> Bool {
        var again = FieldBytes.floats(of: bytes)
        var span = again.mutableSpan
        decode(&span, x: x.span, coefficients, factor: factor)
        return FieldBytes.bytes(of: again) == FieldBytes.bytes(of: y)
    }

    /// Replaces residuals, whose bits are in `y`, (rows, columns), by the label.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` or `.format` for coefficients that cannot be
    ///   predicted from.
    package func restore(
        _ y: inout MutableSpan<Float>, x: Span<Float>,
        coefficients: LabelPrediction.Coefficients, sourceFactor: Double
    ) throws(ShardsError) {
        precondition(
            x.count == prediction.lattice.count && y.count == x.count,
            "fields have one value per site")
        try prediction.check(coefficients)
        guard sourceFactor.isFinite, FieldBytes.areFinite(x) else {
            throw ShardsError(.corrupt, "the source factor or a value of x is not finite")
        }
        decode(&y, x: x, coefficients, factor: sourceFactor)
    }
}
