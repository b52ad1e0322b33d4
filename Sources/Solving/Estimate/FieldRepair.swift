public import Fields

/// What came of asking for a field within a tolerance.
public struct FieldRepair: Hashable, Sendable {
    /// What was done to the field.
    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// Nothing: it is within the tolerance as it is.
        case within
        /// Cycles replaced it with one that is.
        case repaired
        /// Nothing: no cycle reaches the tolerance.
        case failed
    }

    /// What was done.
    public let outcome: Outcome
    /// Certified max |field − exact| of the field that is returned, repaired or not; infinite where
    /// nothing can be certified.
    public let errorBound: Double
    /// Certified max |field − exact| of the field that was given, as far as the cycles told it.
    public let givenBound: Double
    /// Multigrid cycles, those that only went into the proof among them.
    public let cycles: Int

    /// The smallest tolerance that a repair takes: what Float32 costs a field of values up to 1,
    /// and as much for the solver.
    public static let smallestTolerance = 0x1p-23
}

extension Solver {
    /// Makes a field that something else predicted, such as a neural network, one that is within
    /// `tolerance` of the exact solution on every site, with as few multigrid cycles as that takes.
    ///
    /// Cycles go on from the field; each leaves a bound on what it came to, and thereby one on the
    /// field that was given. One that is within the tolerance by the best of these bounds is
    /// returned as it is. Where the field is further from the exact one than 0 is, or cycles do not
    /// do it, the problem is solved from nothing. One that is beyond ¾ of a tolerance of 10⁻⁶ or
    /// more may be repaired although it is within the whole.
    ///
    /// - Parameters:
    ///   - field: The prediction of y, (rows, columns); finite numbers. Receives the repaired
    ///     field.
    ///   - image: The source image of the configuration.
    ///   - physics: Its realised physics, on this solver's lattice.
    ///   - tolerance: Largest |field − exact| that is accepted, at least
    ///     `FieldRepair.smallestTolerance` times the largest value.
    /// - Complexity: O(sites · cycles) time, and once for a medium, and for every set of pinned
    ///   sites, about as much as a solution.
    public func repair(
        _ field: inout [Float], image: SourceImage, physics: Physics, tolerance: Double
    ) -> FieldRepair {
        precondition(physics.lattice == lattice, "the problem is on another lattice")
        precondition(field.count == lattice.count, "the field has another lattice's size")
        return correction(for: physics).repair(
            &field, image: image, pinned: physics.sources == .pinned, tolerance: tolerance
        ) { accuracy, label in solve(image, physics: physics, accuracy, into: &label) }
    }

    /// The method for a problem.
    private func correction(for physics: Physics) -> any FieldCorrection {
        if forcedMethod != .general, let decay = Solver.uniformDecay(of: physics) {
            return UniformCorrection(uniformSolver(decay))
        }
        return GeneralCorrection(generalSolver(physics))
    }
}

extension GeneralCorrection {
    /// Makes a field one that is within `tolerance`, as `Solver.repair` says, for the medium that
    /// the solver was prepared for.
    package func repair(_ field: inout [Float], image: SourceImage, pinned: Bool, tolerance: Double)
        -> FieldRepair
    {
        repair(&field, image: image, pinned: pinned, tolerance: tolerance) { accuracy, label in
            solver.solve(image, pinned: pinned, accuracy: accuracy, into: &label)
        }
    }
}

extension FieldCorrection {
    /// Whether a field is further from the exact one, which is from 0 to `magnitude`, than 0 is:
    /// nothing is gained by going on from it, and cycles cannot take from numbers that are too
    /// large what they must leave.
    func isHopeless(_ field: [Float]) -> Bool {
        !field.allSatisfy { Double($0.magnitude) <= 2 * magnitude }
    }

    /// Makes a field one that is within `tolerance`, as `Solver.repair` says; `solve` solves the
    /// problem from nothing.
    func repair(
        _ field: inout [Float], image: SourceImage, pinned: Bool, tolerance: Double,
        solve: (Accuracy, inout [Float]) -> Solution
    ) -> FieldRepair {
        take(field, image, pinned: pinned)
        var current = [Float](repeating: 0, count: field.count)
        /// What is left where cycles that go on from the field do not do it.
        func solveAnew(after cycles: Int, given: Double) -> FieldRepair {
            let solution = solve(Accuracy(tolerance: tolerance, gridBits: nil), &current)
            var largest = 0.0
            for site in field.indices {
                largest = max(largest, (Double(field[site]) - Double(current[site])).magnitude)
            }
            var given = min(given, (largest + solution.errorBound) * (1 + 0x1p-50))
            if given.isNaN { given = .infinity }
            if given <= tolerance {
                return FieldRepair(
                    outcome: .within, errorBound: given, givenBound: given,
                    cycles: cycles + solution.cycles)
            }
            if solution.isCertified { field = current }
            return FieldRepair(
                outcome: solution.isCertified ? .repaired : .failed,
                errorBound: solution.isCertified ? solution.errorBound : given, givenBound: given,
                cycles: cycles + solution.cycles)
        }
        if isHopeless(field) { return solveAnew(after: 0, given: .infinity) }
        var (cycles, given, idle, best) = (0, Double.infinity, 0, Double.infinity)
        while true {
            given = min(given, boundOfStart(field, &current))
            if given <= tolerance {
                return FieldRepair(
                    outcome: .within, errorBound: given, givenBound: given, cycles: cycles)
            }
            let bound = boundWhenWritten
            // `given` is at most 2 · bound above the given field's error. Beyond the tolerance by
            // more than that, it cannot be within.
            if bound <= tolerance,
                given > tolerance + 2 * bound
                    || bound <= max(tolerance / 8, FieldRepair.smallestTolerance)
            {
                field = current
                return FieldRepair(
                    outcome: .repaired, errorBound: bound, givenBound: given, cycles: cycles)
            }
            idle = bound < best / 2 ? 0 : idle + 1
            best = min(best, bound)
            guard idle < CycleLimits.idle, cycles < CycleLimits.most, correct() else { break }
            cycles += 1
        }
        // No further cycle helps: what is there may still do.
        let bound = boundWhenWritten
        guard bound <= tolerance else { return solveAnew(after: cycles, given: given) }
        field = current
        return FieldRepair(outcome: .repaired, errorBound: bound, givenBound: given, cycles: cycles)
    }
}

/// When cycles are given up.
private enum CycleLimits {
    /// Cycles in a row that do not halve the bound, after which none will.
    static let idle = 12
    /// More cycles than any configuration needs.
    static let most = 120
}
