internal import Fields
internal import Multigrid

/// What a label must satisfy whatever its solver did, told without solving.
///
/// The label lies within its bound e of the exact solution u, everywhere. So on a pinned site it is the rounded value of x; an
/// emitting field has the maximum 1; by the maximum principle nothing exceeds the largest value; and off the sources, where
/// A u = 0, each row of the residual A y is at most e times the sum of the magnitudes in that row of A.
struct LabelLaws {
    private let physics: Physics
    private let accuracy: Accuracy
    /// The medium that all samples have; nil where each has its own.
    private let shared: Medium?

    init(physics: Physics, accuracy: Accuracy) {
        self.physics = physics
        self.accuracy = accuracy
        shared = physics.isRealised ? physics.medium() : nil
    }

    /// What is wrong with the bound alone.
    func violation(ofBound bound: Double) -> String? {
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
    func violations(_ y: [Float], bound: Double, of configuration: Configuration, _ image: SourceImage) -> [String] {
        var found: [String] = []
        if let step = accuracy.step {
            let scale = Float(1 / step)
            if !y.allSatisfy({ ($0 * scale).rounded() == $0 * scale }) { found.append("y does not lie on its grid") }
        }
        if !y.allSatisfy({ $0 >= -Float(bound) && $0.isFinite }) {
            found.append("y has a value below zero, or one that is not finite")
            return found
        }
        let isPinned = physics.sources == .pinned
        let largest = Double(y.max() ?? 0)
        let limit = isPinned ? image.values.max() ?? 0 : 1
        if largest > (limit + bound) * (1 + 1e-12) { found.append("y has the value \(largest), above \(limit)") }
        if isPinned {
            if let site = wrongPinned(y, image) {
                found.append("y is \(y[site]) on site \(site), which a source holds at another value")
            }
        } else if abs(largest - 1) > bound * (1 + 1e-12) {
            found.append("the largest value of y is \(largest), not 1")
        }
        if found.isEmpty, let site = wrongResidual(y, bound, configuration, image) {
            found.append("y does not solve the equation on site \(site), by more than its bound of \(bound) allows")
        }
        return found
    }

    /// A pinned site whose label is not the rounded value of x.
    private func wrongPinned(_ y: [Float], _ image: SourceImage) -> Int? {
        let rounded = LabelRounding(scale: 1, step: accuracy.step)
        for (site, value) in zip(image.sites, image.values) {
            // A solver may have the value to within its arithmetic, which matters where it lies between two steps.
            let accepted = [value, value * (1 - 0x1p-46), value * (1 + 0x1p-46)].map { rounded($0) }
            if !accepted.contains(y[site]) { return site }
        }
        return nil
    }

    /// A site without a source where the residual is larger than an error of `bound` can make it.
    private func wrongResidual(
        _ y: [Float], _ bound: Double, _ configuration: Configuration, _ image: SourceImage
    ) -> Int? {
        let medium = shared ?? configuration.physics.medium()
        let (rows, columns) = (physics.lattice.rows, physics.lattice.columns)
        let boundary = physics.boundary
        var isSource = [Bool](repeating: false, count: y.count)
        for site in image.sites { isSource[site] = true }
        let error = bound * (1 + 1e-9)
        // Rounding of the few operations of a row, against values up to 1.
        let arithmetic = 0x1p-48 * Double(y.max() ?? 0)
        for row in 0..<rows {
            for column in 0..<columns {
                let site = row * columns + column
                if isSource[site] { continue }
                let value = Double(y[site])
                var (residual, sum) = (medium.decay[site] * value, medium.decay[site])
                func add(_ d: [Double], _ other: Int?, _ side: SideCondition) {
                    if let other {
                        let face = 2 * d[site] * d[other] / (d[site] + d[other])
                        residual += face * (value - Double(y[other]))
                        sum += 2 * face
                    } else if side == .absorbing {
                        residual += d[site] * value
                        sum += 2 * d[site]
                    }
                }
                func neighbour(_ place: Int, _ step: Int, _ count: Int, _ stride: Int, _ side: SideCondition) -> Int? {
                    let next = place + step
                    if next >= 0, next < count { return site + step * stride }
                    return side == .periodic ? site - step * (count - 1) * stride : nil
                }
                add(medium.down, neighbour(row, -1, rows, columns, boundary.top), boundary.top)
                add(medium.down, neighbour(row, 1, rows, columns, boundary.bottom), boundary.bottom)
                add(medium.across, neighbour(column, -1, columns, 1, boundary.left), boundary.left)
                add(medium.across, neighbour(column, 1, columns, 1, boundary.right), boundary.right)
                if residual.magnitude > sum * (error + arithmetic) { return site }
            }
        }
        return nil
    }
}
