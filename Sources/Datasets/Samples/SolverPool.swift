package import Fields
internal import Foundation
package import Solving

/// Solvers of one lattice that threads borrow, so that each is made once and used by one thread at
/// a time.
///
/// What a solver finds does not depend on what it did before, so nothing depends on who borrows
/// which.
package final class SolverPool: @unchecked Sendable {
    private let lock = NSLock()
    private var idle: [Solver] = []
    private let physics: Physics
    private let accuracy: Accuracy

    /// Solvers of this accuracy for the lattice of `physics`; none is made yet.
    package init(physics: Physics, accuracy: Accuracy) {
        self.physics = physics
        self.accuracy = accuracy
    }

    /// Calls `body` with a solver that nobody else uses.
    package func withSolver<Result>(_ body: (Solver) throws -> Result) rethrows -> Result {
        let solver =
            lock.withLock { idle.popLast() } ?? Solver(physics: physics, accuracy: accuracy)
        defer { lock.withLock { idle.append(solver) } }
        return try body(solver)
    }
}
