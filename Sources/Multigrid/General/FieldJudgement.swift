package import Fields

/// What can be said about a field without knowing the exact one.
public struct FieldJudgement: Sendable {
    /// The residual of the discrete problem, (rows, columns); 0 on pinned sites, whose errors are known exactly.
    public let residual: [Float]
    /// Largest magnitude of the residual.
    public let largestResidual: Double
    /// Certified max |field − exact|; infinite where nothing can be certified.
    public let errorBound: Double
    /// Estimate of field − exact, (rows, columns), by a few cycles on the residual equation.
    public let estimatedError: [Float]
}

extension MediumSolver {
    /// Judges a field that something else predicted, such as a neural network, for a configuration.
    ///
    /// The error obeys A e = A u − rhs, so cycles on that equation estimate it and ‖A⁻¹‖∞ bounds it. On pinned sites the
    /// error is known; there the exact values take the prediction's place before anything is judged, so that sites beside
    /// them are not blamed.
    ///
    /// An emitting field is divided by its maximum m, which a prediction û does not tell: A û = σ·image with σ = 1/m. The σ
    /// that fits the residual on the sources best is taken (least squares). With B ≥ max |û − σu|, from the residual, σm lies
    /// within max û ± B, and |û − u/m| ≤ max |û| · |1 − 1/(σm)| + B/(σm) for all of those.
    ///
    /// - Parameters:
    ///   - field: The prediction, (rows, columns).
    ///   - image: The configuration's image; its sites hold their values where `pinned` is set, else they emit them.
    ///   - cycles: Steps of the iteration that estimates the error; one or two tell its size and place.
    /// - Complexity: O(sites · cycles) time, and once for a medium about as much as a solution.
    package func judge(_ field: [Float], image: SourceImage, pinned: Bool, cycles: Int = 2) -> FieldJudgement {
        precondition(field.count == lattice.count, "the field has another lattice's size")
        guard let inverseBound = prepareBound(image, pinned: pinned) else {
            let unknown = [Float](repeating: .nan, count: field.count)
            return FieldJudgement(
                residual: unknown, largestResidual: .infinity, errorBound: .infinity, estimatedError: unknown)
        }
        let problem = iteration.problem
        iteration.field.setRows(field)
        var pinnedErrors: [(site: Int, error: Double)] = []
        for site in problem.pinned {
            let (row, column) = problem.site(site)
            pinnedErrors.append((site, Double(field[site]) - problem.rhs[row, column]))
            iteration.field[row, column] = problem.rhs[row, column]
        }
        var scale = 1.0
        if !pinned {
            scale = fitScale(image)
            for site in image.sites {
                let (row, column) = problem.site(site)
                problem.rhs[row, column] *= scale
            }
        }
        let defect = iteration.refresh()
        var bound = inverseBound * defect.bound
        if pinned {
            bound = max(bound, pinnedErrors.map(\.error.magnitude).max() ?? 0)
        } else {
            bound = normalisedBound(bound, scale: scale, predicted: field)
        }
        let residual = iteration.residual.values()
        iteration.restart()
        for _ in 0..<cycles where !iteration.step() { break }
        var estimate = iteration.field.values()
        let largest = pinned ? 1 : Double(estimate.max() ?? 1)
        for site in estimate.indices {
            estimate[site] = field[site] - (pinned ? estimate[site] : Float(Double(estimate[site]) / largest))
        }
        for (site, error) in pinnedErrors { estimate[site] = Float(error) }
        return FieldJudgement(
            residual: residual, largestResidual: defect.largest, errorBound: bound.isNaN ? .infinity : bound,
            estimatedError: estimate)
    }

    /// The σ that minimises Σ (σ·image − A û)² over the sites of the sources; rhs is the image.
    private func fitScale(_ image: SourceImage) -> Double {
        _ = iteration.refresh()
        // A û = image − residual.
        var (product, square) = (0.0, 0.0)
        for (site, value) in zip(image.sites, image.values) {
            let (row, column) = iteration.problem.site(site)
            product += value * (value - iteration.residual[row, column])
            square += value * value
        }
        return square > 0 && product > 0 && product.isFinite ? product / square : 1
    }

    /// Bound for a normalised field from one on max |û − σ u|.
    private func normalisedBound(_ bound: Double, scale: Double, predicted field: [Float]) -> Double {
        // σ m lies in this range. Roundings here are far below the margin.
        let top = Double(field.max() ?? 0)
        let (low, high) = (top - bound, top + bound)
        let magnitude = Double(field.map(\.magnitude).max() ?? 0)
        guard low > 0, bound.isFinite else { return .infinity }
        let shift = max((1 - 1 / low).magnitude, (1 - 1 / high).magnitude)
        return (magnitude * shift + bound / low) * (1 + 1e-12)
    }
}

extension SplitPlane where Element == Double {
    /// Takes over an array, (rows, columns).
    func setRows(_ values: [Float]) {
        for row in 0..<rows {
            for column in 0..<columns { self[row, column] = Double(values[row * columns + column]) }
        }
    }

    /// The numbers as an array, (rows, columns).
    func values() -> [Float] {
        var values = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns { values[row * columns + column] = Float(self[row, column]) }
        }
        return values
    }
}
