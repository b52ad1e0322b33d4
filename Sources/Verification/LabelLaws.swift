package import Fields
package import Solving

/// What a label must satisfy whatever its solver did, told without solving.
///
/// The label lies within its bound e of the exact solution u, everywhere. So on a pinned site it is
/// the rounded value of x; an emitting field has the maximum 1; by the maximum principle nothing
/// exceeds the largest value; and off the sources, where A u = 0, each row of the residual A y is
/// at most e times the sum of the magnitudes in that row of A.
package struct LabelLaws {
    private let physics: Physics
    private let accuracy: Accuracy
    /// The medium that all samples have; nil where each has its own, or where three numbers say
    /// all.
    private let shared: Medium?

    package init(physics: Physics, accuracy: Accuracy) {
        self.physics = physics
        self.accuracy = accuracy
        shared = physics.isRealised && physics.uniform == nil ? physics.medium() : nil
    }

    /// What is wrong with the bound alone.
    package func violation(ofBound bound: Double) -> String? {
        guard bound <= accuracy.tolerance, bound >= 0 else {
            return "its error bound \(bound) is not within the tolerance of \(accuracy.tolerance)"
        }
        let least = (accuracy.step ?? 0) / 2
        guard bound >= least, bound > 0 else {
            return "its error bound \(bound) is below what rounding alone costs, \(least)"
        }
        return nil
    }

    /// What is wrong with the label `y`, (rows, columns), of a sample whose bound is one. O(sites).
    package func violations(
        _ y: [Float], bound: Double, of configuration: Configuration, _ image: SourceImage
    ) -> [String] {
        var found: [String] = []
        if let step = accuracy.step {
            let scale = Float(1 / step)
            if !y.allSatisfy({ ($0 * scale).rounded() == $0 * scale }) {
                found.append("y does not lie on its grid")
            }
        }
        if !y.allSatisfy({ $0 >= -Float(bound) && $0.isFinite }) {
            found.append("y has a value below zero, or one that is not finite")
            return found
        }
        let isPinned = physics.sources == .pinned
        let largest = Double(y.max() ?? 0)
        let limit = isPinned ? image.values.max() ?? 0 : 1
        if largest > (limit + bound) * (1 + 1e-12) {
            found.append("y has the value \(largest), above \(limit)")
        }
        if isPinned {
            if let site = wrongPinned(y, image) {
                found.append(
                    "y is \(y[site]) on site \(site), which a source holds at another value")
            }
        } else if abs(largest - 1) > bound * (1 + 1e-12) {
            found.append("the largest value of y is \(largest), not 1")
        }
        if found.isEmpty, let site = wrongResidual(y, bound, configuration, image) {
            found.append(
                "y does not solve the equation on site \(site), by more than its bound of "
                    + "\(bound) allows")
        }
        return found
    }

    /// A pinned site whose label is not the rounded value of x.
    private func wrongPinned(_ y: [Float], _ image: SourceImage) -> Int? {
        let rounded = LabelRounding(scale: 1, step: accuracy.step)
        for (site, value) in zip(image.sites, image.values) {
            // A solver may have the value to within its arithmetic, which matters where it lies
            // between two steps.
            let accepted = [value, value * (1 - 0x1p-46), value * (1 + 0x1p-46)].map { rounded($0) }
            if !accepted.contains(y[site]) { return site }
        }
        return nil
    }

    /// A site without a source where the residual is larger than an error of `bound` can make it.
    private func wrongResidual(
        _ y: [Float], _ bound: Double, _ configuration: Configuration, _ image: SourceImage
    ) -> Int? {
        var isSource = [Bool](repeating: false, count: y.count)
        for site in image.sites { isSource[site] = true }
        // Beside the error, the rounding of the few operations of a row.
        let error = bound * (1 + 1e-9) + 0x1p-48 * Double(y.max() ?? 0)
        if let constants = physics.uniform {
            return wrongSite(
                y, isSource, error, decay: { _ in constants.decay },
                down: { _, _ in constants.down }, across: { _, _ in constants.across })
        }
        let medium = shared ?? configuration.physics.medium()
        func face(_ d: [Double], _ site: Int, _ other: Int) -> Double {
            2 * d[site] * d[other] / (d[site] + d[other])
        }
        return wrongSite(
            y, isSource, error, decay: { medium.decay[$0] }, down: { face(medium.down, $0, $1) },
            across: { face(medium.across, $0, $1) })
    }

    /// The first site without a source where the residual is above `error` times the sum of the
    /// magnitudes in its row of A.
    ///
    /// - Parameters:
    ///   - decay: γ of a site.
    ///   - down: The conductance between two sites one above the other; of a site and itself that
    ///     to an absorbing ghost site.
    ///   - across: The same of two sites side by side.
    @inline(__always) private func wrongSite(
        _ y: [Float], _ isSource: [Bool], _ error: Double, decay: (Int) -> Double,
        down: (Int, Int) -> Double, across: (Int, Int) -> Double
    ) -> Int? {
        let (rows, columns, sides) = (
            physics.lattice.rows, physics.lattice.columns, physics.boundary
        )
        for row in 0..<rows {
            for column in 0..<columns {
                let site = row * columns + column
                if isSource[site] { continue }
                let value = Double(y[site])
                var residual = decay(site) * value
                var sum = decay(site)
                // A neighbour, or beyond a side what stands for it: the opposite site, a ghost
                // site, nothing.
                @inline(__always) func add(
                    _ isInside: Bool, _ next: Int, _ opposite: Int, _ side: SideCondition,
                    _ face: (Int, Int) -> Double
                ) {
                    if isInside || side == .periodic {
                        let other = isInside ? next : opposite
                        let conductance = face(site, other)
                        residual += conductance * (value - Double(y[other]))
                        sum += 2 * conductance
                    } else if side == .absorbing {
                        residual += face(site, site) * value
                        sum += 2 * face(site, site)
                    }
                }
                let last = (rows - 1) * columns
                add(row > 0, site - columns, site + last, sides.top, down)
                add(row < rows - 1, site + columns, site - last, sides.bottom, down)
                add(column > 0, site - 1, site + columns - 1, sides.left, across)
                add(column < columns - 1, site + 1, site - columns + 1, sides.right, across)
                if residual.magnitude > sum * error { return site }
            }
        }
        return nil
    }
}
