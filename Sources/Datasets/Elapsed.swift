package import Documents
internal import Fields
internal import Foundation

/// How long something took, by two clocks, in milliseconds.
package struct Elapsed: Hashable, Sendable {
    /// CPU time of the calling thread (CLOCK_THREAD_CPUTIME_ID), which others on the machine
    /// disturb less.
    package var cpu: Double
    /// Time on the wall (CLOCK_MONOTONIC), waiting for disks and locks included.
    package var wall: Double

    package init(cpu: Double, wall: Double) {
        self.cpu = cpu
        self.wall = wall
    }

    package static let zero = Elapsed(cpu: 0, wall: 0)

    package static func + (a: Elapsed, b: Elapsed) -> Elapsed {
        Elapsed(cpu: a.cpu + b.cpu, wall: a.wall + b.wall)
    }
    package static func / (a: Elapsed, count: Int) -> Elapsed {
        Elapsed(cpu: a.cpu / Double(count), wall: a.wall / Double(count))
    }

    /// Runs `body` and returns what it took, and its result.
    package static func measuring<Result>(_ body: () throws -> Result) rethrows -> (Elapsed, Result)
    {
        let start = now()
        let result = try body()
        let end = now()
        return (Elapsed(cpu: end.cpu - start.cpu, wall: end.wall - start.wall), result)
    }

    /// Runs `body` `count` times, at least once; returns the least of each clock, and the last
    /// result.
    package static func fastest<Result>(of count: Int, _ body: () throws -> Result) rethrows -> (
        Elapsed, Result
    ) {
        var (best, result) = try measuring(body)
        for _ in 1..<max(1, count) {
            let (elapsed, next) = try measuring(body)
            best = best.least(elapsed)
            result = next
        }
        return (best, result)
    }

    /// The lesser of two, by each clock.
    package func least(_ other: Elapsed) -> Elapsed {
        Elapsed(cpu: min(cpu, other.cpu), wall: min(wall, other.wall))
    }

    /// The median by each clock; zero where there is nothing.
    package static func median(_ values: [Elapsed]) -> Elapsed {
        Elapsed(cpu: median(values.map(\.cpu)), wall: median(values.map(\.wall)))
    }

    /// The median, the mean of the middle two for an even number of values; 0 where there is none.
    package static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The members that `schemas/bench` describes.
    package var json: JSON { .object(["cpu_ms": .number(cpu), "wall_ms": .number(wall)]) }

    /// The corresponding C function is `clock_gettime`.
    private static func now() -> Elapsed {
        func read(_ clock: clockid_t) -> Double {
            var time = timespec()
            _ = unsafe clock_gettime(clock, &time)
            return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
        }
        return Elapsed(cpu: read(CLOCK_THREAD_CPUTIME_ID), wall: read(CLOCK_MONOTONIC))
    }
}
