internal import Datasets
internal import Fields
internal import Shards
internal import Solving
internal import Synchronization

/// Solvers and encoders of the solve stage, one of each for a thread, which stay from part to part:
/// what a solver makes for its first sample takes as long as a sample.
final class SolveWorkers: Sendable {
    /// What one thread has at a time.
    final class Worker: @unchecked Sendable {
        let solver: Solver
        let encoder: SampleEncoder
        var label: [Float]

        fileprivate init(_ form: ShardFormat) throws {
            solver = Solver(physics: form.physics, accuracy: form.accuracy)
            encoder = try form.encoder()
            label = [Float](repeating: 0, count: form.physics.lattice.count)
        }
    }

    private let idle = Mutex<[Worker]>([])
    private let form: ShardFormat

    /// Creates none yet; all will be of this form.
    init(_ form: ShardFormat) { self.form = form }

    /// Calls `body` with one that no other thread has.
    func withOne<Result>(_ body: (Worker) throws -> Result) throws -> Result {
        let worker = try idle.withLock { $0.popLast() } ?? Worker(form)
        defer { idle.withLock { $0.append(worker) } }
        return try body(worker)
    }
}
