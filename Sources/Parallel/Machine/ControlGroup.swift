/// What the control groups that this process is in leave it (Linux, `Control Group v2`, and v1).
package struct ControlGroup {
    /// Cores' worth of time; nil where it is not limited.
    package private(set) var cores: Double?
    /// Bytes of memory that may still be taken.
    package private(set) var memory: Int?
    /// Processes and threads that may still be started.
    package private(set) var threads: Int?

    package init(_ system: SystemFiles) {
        for line in system.text("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let controllers = parts[1].split(separator: ",").map(String.init)
            let mount = "/sys/fs/cgroup" + (controllers.isEmpty ? "" : "/\(parts[1])")
            // A group has no more than those above it. In a container paths may begin elsewhere.
            var path = String(parts[2].drop { $0 == "/" })
            while true {
                take(mount + (path.isEmpty ? "" : "/\(path)"), system)
                guard !path.isEmpty else { break }
                path = String(path.lastIndex(of: "/").map { path[..<$0] } ?? "")
            }
        }
    }

    private mutating func take(_ folder: String, _ system: SystemFiles) {
        let quota = system.text("\(folder)/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
        if quota.count == 2, let time = Double(quota[0]), let period = Double(quota[1]), period > 0
        {
            cores = min(cores ?? .infinity, time / period)
        }
        if let time = system.number("\(folder)/cpu.cfs_quota_us"), time > 0,
            let period = system.number("\(folder)/cpu.cfs_period_us"), period > 0
        {
            cores = min(cores ?? .infinity, Double(time) / Double(period))
        }
        for (most, now) in [
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ] {
            // Where there is no limit, v1 has a number that is larger than any memory.
            guard let limit = system.number("\(folder)/\(most)"), limit < 1 << 60 else { continue }
            let cached = system.text("\(folder)/memory.stat")?.split(separator: "\n").first {
                $0.hasPrefix("inactive_file ")
            }.flatMap { SystemFiles.number($0.dropFirst(14)) }
            let used = max(0, (system.number("\(folder)/\(now)") ?? 0) - (cached ?? 0))
            memory = min(memory ?? .max, max(0, limit - used))
        }
        if let limit = system.number("\(folder)/pids.max") {
            let used = system.number("\(folder)/pids.current") ?? 0
            threads = min(threads ?? .max, max(0, limit - used))
        }
    }
}
