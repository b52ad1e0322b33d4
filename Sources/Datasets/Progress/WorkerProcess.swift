package import Documents
internal import Foundation
internal import Parallel

/// A process on some machine, told so that others can say who works somewhere, and whether it still
/// does.
package struct WorkerProcess: Hashable, Sendable {
    /// The machine's name.
    package let host: String
    /// The number of the process on it.
    package let pid: Int
    /// When the process began, in the system's own unit since the machine started: numbers of
    /// processes are used again. Nil where the system does not tell.
    let start: Int?
    /// What the machine has from its start to the next alone; nil where it has none.
    let boot: String?
    /// The space in which the number is one of the process; nil where there is but one.
    let space: String?

    /// This process.
    package static let current = WorkerProcess(
        host: ProcessInfo.processInfo.hostName, pid: Int(getpid()), start: facts(of: "self")?.start,
        boot: SystemFiles().text("/proc/sys/kernel/random/boot_id")?.trimmingCharacters(
            in: .whitespacesAndNewlines),
        space: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))

    package init(host: String, pid: Int, start: Int?, boot: String?, space: String?) {
        (self.host, self.pid, self.start, self.boot, self.space) = (host, pid, start, boot, space)
    }

    /// Whether it is alive; nil where that cannot be seen from this machine or this container.
    ///
    /// The corresponding C function is `kill`, with no signal.
    package var isAlive: Bool? {
        let own = WorkerProcess.current
        guard boot == own.boot, space == own.space, boot != nil || host == own.host,
            let number = pid_t(exactly: pid), number > 0
        else { return nil }
        guard kill(number, 0) == 0 || errno == EPERM else { return false }
        // Where others' processes are hidden, that is all that can be known.
        guard let found = WorkerProcess.facts(of: String(pid)) else { return true }
        return !found.isOver && (start == nil || start == found.start)
    }

    /// For a person.
    package var text: String { "process \(pid) on \(ForeignText.excerpt(host))" }

    package var json: [String: JSON] {
        [
            "host": .string(host), "pid": .integer(pid),
            "start": start.map(JSON.integer) ?? .null, "boot": boot.map(JSON.string) ?? .null,
            "space": space.map(JSON.string) ?? .null,
        ]
    }

    /// The process that a document with these members is of; nil where it is of none.
    package init?(_ json: JSON) {
        guard let host = json["host"]?.string, let pid = json["pid"]?.int else { return nil }
        self.init(
            host: host, pid: pid, start: json["start"]?.int, boot: json["boot"]?.string,
            space: json["space"]?.string)
    }

    /// What Linux tells of a process (proc_pid_stat(5)): the third and the 22nd of the words in
    /// `/proc/PID/stat`, counted behind the name, which may have anything in it.
    private static func facts(of process: String) -> (isOver: Bool, start: Int)? {
        guard let text = SystemFiles().text("/proc/\(process)/stat"),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: name)...].split(separator: " ")
        guard words.count > 19, let start = Int(words[19]) else { return nil }
        return (["Z", "X", "x"].contains(words[0]), start)
    }
}
