internal import Fields

/// Iterative refinement (Wilkinson 1963, "Rounding errors in algebraic processes", §3): rounds of
/// multigrid cycles in Float on the residual of a field in Double.
///
/// It is for finest levels that `FinestCycles` are for. Where cycles alone gain too little the
/// conjugate gradients go on from the field.
final class Refinement {
    private let iteration: ConjugateGradients
    private let cycles: FinestCycles
    /// What the residual was multiplied with when it was rounded to the finest right-hand side.
    private var scale = 1.0
    private var isFirst = true
    /// Largest residual at the start, and after every cycle as seen in Float or in Double.
    private(set) var residuals: [Double] = []
    /// Whether the last round gained what pays.
    private(set) var isGaining = true

    /// Cycles of a round, at most.
    private static let most = 12
    /// Where cycles reduce residuals by less than this, they no longer pay.
    private static let slow = 0.4
    /// How far cycles in Float reduce a residual before its rounding shows: of a whole field, and
    /// of a correction, which is small beside it.
    private static let floors = (field: 0x1p-10, correction: 0x1p-16)

    /// Creates what refines the field of `iteration`.
    init(_ iteration: ConjugateGradients) {
        self.iteration = iteration
        cycles = FinestCycles(iteration.hierarchy)
    }

    /// Whether the operator at hand is one for such cycles.
    var isSuitable: Bool { cycles.areSuitable }

    /// Starts from zero; the hierarchy must be that of the problem's operator.
    func start() {
        let problem = iteration.problem
        iteration.field.clear()
        problem.hold(iteration.field)
        iteration.field.close(problem.ring)
        let largest = problem.rhs.largestMagnitude
        scale = largest > 0 && largest.isFinite ? 1 / largest.binade : 1
        problem.rhs.round(scale, into: iteration.hierarchy.levels[0].rhs)
        residuals = [largest]
        isFirst = true
        isGaining = true
    }

    /// One round of cycles: as many as bring the largest residual to `goal`, if Float can.
    ///
    /// - Returns: How far the field is from solving the problem, in Double.
    func round(goal: Double) -> DiscreteOperator.Defect {
        let hierarchy = iteration.hierarchy
        let before = residuals.last ?? 0
        let floor = before * (isFirst ? Refinement.floors.field : Refinement.floors.correction)
        let enough = max(floor, 0.3 * goal)
        var (last, rate, steps) = (before, 0.1, 0)
        var beginning = FinestCycles.Beginning.zero
        if isFirst {
            hierarchy.draft()
            beginning = .solution
        }
        while true {
            let left = Double(cycles.pass(beginning, descends: true)) / scale
            if beginning != .zero {
                residuals.append(left)
                if steps > 0 { rate = min(max(left / last, 0.05), 1) }
            }
            (last, steps) = (left, steps + 1)
            hierarchy.correct()
            beginning = .correction
            let isSlow = steps > 2 && rate > Refinement.slow
            if !(rate * left > enough) || isSlow || steps >= Refinement.most { break }
        }
        _ = cycles.pass(.correction, descends: false)
        // What the residual is about to fall to, or below; no less than Double can tell from none.
        let next = 1 / max(rate * last, 0x1p-40 * before, .leastNormalMagnitude).binade
        let defect = iteration.problem.absorb(
            hierarchy.levels[0].value, 1 / scale, into: iteration.field,
            leaving: hierarchy.levels[0].rhs, scale: next)
        scale = next
        residuals.append(defect.largest)
        isFirst = false
        isGaining = rate <= Refinement.slow && defect.largest < 0.1 * before
        return defect
    }
}

extension SplitPlane where Element == Double {
    /// The largest magnitude.
    fileprivate var largestMagnitude: Double {
        var largest: Int64 = 0
        for row in 0..<rows {
            for half in 0...1 {
                let line = self[half: half, row]
                for k in 0..<count(half) {
                    largest = Swift.max(largest, line[k].magnitudeBits)
                }
            }
        }
        return Double(magnitudeBits: largest)
    }

    /// to = scale · this.
    func round(_ scale: Double, into plane: borrowing SplitPlane<Float>) {
        for row in 0..<rows {
            for half in 0...1 {
                let (from, to) = (self[half: half, row], plane[half: half, row])
                Columns.each(count(half)) { k in to[k] = Float(scale * from[k]) }
                to.clearTail(from: count(half))
            }
        }
    }
}
