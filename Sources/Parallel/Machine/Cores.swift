internal import Foundation

/// The cores of the machine, and what of them this process may have.
package struct Cores {
    /// Those of the machine.
    package let all: Int
    /// Those that the process may run on: its affinity.
    package let allowed: Int
    /// How many cores' time the control group leaves; nil where it sets no limit.
    package let quota: Double?

    package init(_ system: SystemFiles) {
        all = ProcessInfo.processInfo.processorCount
        let list = system.value("Cpus_allowed_list", in: "/proc/self/status")
        allowed = list.flatMap(Cores.count) ?? all
        quota = ControlGroup(system).cores
    }

    /// As many threads as can work at once: what a command takes unless it is told otherwise. On a
    /// machine of many cores, a cluster gives a job some of them.
    package static var usable: Int { Cores(SystemFiles()).usable }

    /// As many threads as can work at once.
    package var usable: Int { max(1, min(allowed, quota.map { Int($0.rounded(.up)) } ?? allowed)) }

    /// How many a list such as `0-3,8` has.
    private static func count(_ list: String) -> Int? {
        list.split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let sum, let first = ends.first, let last = ends.last, last >= first else {
                return nil
            }
            return sum + last - first + 1
        }
    }
}
