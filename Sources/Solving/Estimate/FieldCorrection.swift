internal import Fields

/// Multigrid that goes on from somebody's field, with a certificate after every cycle.
///
/// The current field v stands for the normalised one: v itself where sources are pinned, v/m with m
/// its maximum where they emit. With B ≥ max |v − u|, u the exact solution for the right-hand side
/// at hand, that is within B, or within 2B/m, of the exact y* (|v/m − u/m*| ≤ |v − u|/m + |u|/m* ·
/// |m* − m|/m, and both |v − u| and |m − m*| are at most B).
///
/// The field û that was taken over is then certified too: |û − y*| ≤ max |û − y| + |y − y*| for the
/// current y, which soon is far better than what û's own residual says.
protocol FieldCorrection {
    /// Starts from `field`, (rows, columns), with the exact values on pinned sites; an emitting
    /// field gets the scale that fits the right-hand side on the sources best (least squares).
    func take(_ field: [Float], _ image: SourceImage, pinned: Bool)
    /// Certified max |y − y*| of the current field; infinite where nothing is certain.
    var bound: Double { get }
    /// Largest value that y has but for its error.
    var magnitude: Double { get }
    /// One cycle. Returns false, and changes nothing, where no cycle can help.
    func correct() -> Bool
    /// Writes y, (rows, columns), rounded to Float32.
    func write(into y: inout [Float])
}

extension FieldCorrection {
    /// Certified max |y − y*| of what `write` writes.
    var boundWhenWritten: Double {
        let written =
            bound
            + Accuracy(tolerance: 1, gridBits: nil).rounding(
                upTo: magnitude + min(bound, magnitude))
        return written.isNaN ? .infinity : written
    }

    /// Certified max |û − y*| of the field û that was taken over; writes the current one, from
    /// which it is measured.
    func boundOfStart(_ start: [Float], _ current: inout [Float]) -> Double {
        write(into: &current)
        var largest = 0.0
        for site in start.indices {
            largest = max(largest, (Double(start[site]) - Double(current[site])).magnitude)
        }
        let bound = (largest + boundWhenWritten) * (1 + 0x1p-50)
        return bound.isNaN ? .infinity : bound
    }
}

/// Cycles of the general method.
package final class GeneralCorrection: FieldCorrection {
    let solver: MediumSolver
    private var inverseBound = Double.infinity
    private var pinned = false
    private(set) var magnitude = 1.0
    private(set) var bound = Double.infinity
    private var scale = 1.0
    /// Whether anything holds the field.
    private(set) var isHeld = false

    package init(_ solver: MediumSolver) { self.solver = solver }

    func take(_ field: [Float], _ image: SourceImage, pinned: Bool) {
        self.pinned = pinned
        magnitude = pinned ? image.values.reduce(0) { max($0, $1.magnitude) } : 1
        bound = .infinity
        let known = solver.prepareBound(image, pinned: pinned)
        isHeld = known != nil
        guard let known else { return }
        inverseBound = known
        let (iteration, problem) = (solver.iteration, solver.iteration.problem)
        iteration.field.setRows(field)
        problem.hold(iteration.field)
        if !pinned {
            let factor = fitScale(image)
            for site in image.sites {
                let (row, column) = problem.site(site)
                problem.rhs[row, column] *= factor
            }
        }
        iteration.restart()
        certify()
    }

    func correct() -> Bool {
        guard isHeld, solver.iteration.step() else { return false }
        certify()
        return true
    }

    func write(into y: inout [Float]) {
        solver.iteration.field.writeLabel(scale: scale, step: nil, into: &y)
    }

    private func certify() {
        let defect = solver.iteration.refresh()
        let raw = inverseBound * defect.bound
        let largest = pinned ? 1 : solver.iteration.field.largest
        scale = largest > 0 ? largest : .infinity
        bound = pinned ? raw : 2 * raw / largest * (1 + 0x1p-50)
        if !(bound >= 0 && largest > 0) { bound = .infinity }
    }

    /// The σ that minimises Σ (σ·image − A û)² over the sites of the sources; the right-hand side
    /// is the image.
    private func fitScale(_ image: SourceImage) -> Double {
        _ = solver.iteration.refresh()
        // A û = image − residual.
        var (product, square) = (0.0, 0.0)
        for (site, value) in zip(image.sites, image.values) {
            let (row, column) = solver.iteration.problem.site(site)
            product += value * (value - solver.iteration.residual[row, column])
            square += value * value
        }
        return square > 0 && product > 0 && product.isFinite ? product / square : 1
    }
}

/// Cycles of the uniform method.
final class UniformCorrection: FieldCorrection {
    private let solver: UniformSolver
    private var pinned = false
    private var cycles = 0
    private(set) var magnitude = 1.0
    private(set) var bound = Double.infinity
    private var scale = 1.0

    init(_ solver: UniformSolver) { self.solver = solver }

    func take(_ field: [Float], _ image: SourceImage, pinned: Bool) {
        self.pinned = pinned
        cycles = 0
        magnitude = pinned ? image.values.reduce(0) { max($0, $1.magnitude) } : 1
        certify(solver.hierarchy.fine.take(field, image, pinned: pinned))
    }

    func correct() -> Bool {
        if cycles == 0 { solver.prepare(pinned: pinned) }
        let relaxation = UniformSolver.relaxation(cycle: cycles, pinned: pinned)
        certify(
            solver.hierarchy.cycle(full: cycles == 0, relaxation: relaxation, stage: .refinement))
        cycles += 1
        return true
    }

    func write(into y: inout [Float]) {
        solver.hierarchy.fine.writeLabel(scale: scale, step: nil, into: &y)
    }

    private func certify(_ norms: ResidualNorms) {
        let largest = pinned ? 1 : solver.hierarchy.fine.largestSourceField()
        let raw = solver.barrier.bound(norms, magnitude: pinned ? magnitude : largest)
        scale = largest > 0 ? largest : .infinity
        bound = pinned ? raw : 2 * raw / largest * (1 + 0x1p-50)
        if !(bound >= 0 && largest > 0) { bound = .infinity }
    }
}
