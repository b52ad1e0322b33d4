public import Fields

/// What can be said about a field without knowing the exact one.
public struct FieldEstimate: Sendable {
    /// The residual of the discrete problem, (rows, columns); 0 on pinned sites, whose errors are
    /// known exactly.
    public let residual: [Float]
    /// Largest magnitude of the residual.
    public let largestResidual: Double
    /// Certified max |field − exact|; infinite where nothing can be certified.
    public let errorBound: Double
    /// Estimate of field − exact, (rows, columns).
    public let estimatedError: [Float]

    /// How exact the field is that others are compared with.
    static let comparison = Accuracy(tolerance: 2.5e-7, gridBits: nil)

    /// What is said where nothing holds the field.
    static func unknown(_ lattice: Lattice) -> FieldEstimate {
        let unknown = [Float](repeating: .nan, count: lattice.count)
        return FieldEstimate(
            residual: unknown, largestResidual: .infinity, errorBound: .infinity,
            estimatedError: unknown)
    }
}

extension Solver {
    /// Judges a field that something else predicted, such as a neural network: its residual, a
    /// rigorous bound on its error, and an estimate of the error.
    ///
    /// Where the direct or the uniform method applies, the exact field is found as fast as anything
    /// could be said about it (`solve`), and the estimate is the error itself to within
    /// 2.5 · 10⁻⁷, the bound no more than that above the largest error. So it is with any medium
    /// where the field is hopeless, further from the exact one than 0 is. Otherwise `cycles` cycles
    /// of multigrid go on from the field, and the bound is the better one of two: that from the
    /// field's own residual, and what the cycles changed together with the bound on what they left.
    ///
    /// - Parameters:
    ///   - field: The prediction of y, (rows, columns); finite numbers.
    ///   - image: The source image of the configuration.
    ///   - physics: Its realised physics, on this solver's lattice.
    ///   - cycles: Steps of the iteration that estimates the error; one or two tell its size and
    ///     place.
    /// - Complexity: O(sites · cycles) time, and once for a medium, and for every set of pinned
    ///   sites, about as much as a solution.
    public func judge(_ field: [Float], image: SourceImage, physics: Physics, cycles: Int = 2)
        -> FieldEstimate
    {
        precondition(physics.lattice == lattice, "the problem is on another lattice")
        precondition(field.count == lattice.count, "the field has another lattice's size")
        if let judgement = compare(field, image, physics) { return judgement }
        return GeneralCorrection(generalSolver(physics)).judge(
            field, image: image, pinned: physics.sources == .pinned, cycles: cycles)
    }

    /// Solves where that is cheap, and compares; nil where it is not, or the field cannot be
    /// certified.
    private func compare(_ field: [Float], _ image: SourceImage, _ physics: Physics)
        -> FieldEstimate?
    {
        guard let constants = physics.uniform, forcedMethod != .general else { return nil }
        var exact = [Float](repeating: 0, count: field.count)
        guard let solution = solveConstant(image, physics, FieldEstimate.comparison, into: &exact),
            solution.isCertified
        else { return nil }
        let residual = ConstantResidual(
            lattice: lattice, down: constants.down, across: constants.across,
            decay: constants.decay, boundary: physics.boundary
        ).residual(of: field, image, pinned: physics.sources == .pinned)
        return FieldEstimate(
            of: field, against: exact, within: solution.errorBound, residual: residual.values,
            largestResidual: residual.largest)
    }
}

extension FieldEstimate {
    /// Compares a field with one that is within `bound` of the exact one.
    fileprivate init(
        of field: [Float], against exact: [Float], within bound: Double, residual: [Float],
        largestResidual: Double
    ) {
        var largest = 0.0
        var error = [Float](repeating: 0, count: field.count)
        for site in field.indices {
            // The difference of two floats in Double has one rounding.
            let difference = Double(field[site]) - Double(exact[site])
            largest = max(largest, difference.magnitude)
            error[site] = Float(difference)
        }
        let sum = (largest + bound) * (1 + 0x1p-50)
        self.init(
            residual: residual, largestResidual: largestResidual,
            errorBound: sum.isNaN ? .infinity : sum, estimatedError: error)
    }
}

extension GeneralCorrection {
    /// Judges a field with cycles that go on from it, as `Solver.judge` says.
    ///
    /// On pinned sites the error is known; there the exact values take the prediction's place
    /// before anything is judged, so that sites beside them are not blamed.
    package func judge(_ field: [Float], image: SourceImage, pinned: Bool, cycles: Int = 2)
        -> FieldEstimate
    {
        let lattice = solver.lattice
        precondition(field.count == lattice.count, "the field has another lattice's size")
        take(field, image, pinned: pinned)
        guard bound < .infinity || isHeld else { return .unknown(lattice) }
        // In the unit of time of the medium that was given.
        let residual = solver.iteration.residual.values(dividedBy: solver.unit)
        let largest = solver.iteration.largest / solver.unit
        if isHopeless(field) {
            var exact = [Float](repeating: 0, count: field.count)
            let solution = solver.solve(
                image, pinned: pinned, accuracy: FieldEstimate.comparison, into: &exact)
            if !(solution.errorBound < .infinity) {
                exact = [Float](repeating: 0, count: field.count)
            }
            return FieldEstimate(
                of: field, against: exact, within: solution.errorBound, residual: residual,
                largestResidual: largest)
        }
        var current = [Float](repeating: 0, count: field.count)
        var bound = boundOfStart(field, &current)
        for _ in 0..<cycles where !correct() { break }
        bound = min(bound, boundOfStart(field, &current))
        return FieldEstimate(
            residual: residual, largestResidual: largest, errorBound: bound,
            estimatedError: zip(field, current).map { $0 - $1 })
    }
}

extension SplitPlane where Element == Double {
    /// Takes over an array, (rows, columns).
    func setRows(_ values: [Float]) {
        for row in 0..<rows {
            for column in 0..<columns { self[row, column] = Double(values[row * columns + column]) }
        }
    }

    /// The numbers divided by a power of two as an array, (rows, columns).
    func values(dividedBy unit: Double) -> [Float] {
        var values = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                values[row * columns + column] = Float(self[row, column] / unit)
            }
        }
        return values
    }
}
