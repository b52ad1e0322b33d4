internal import Datasets
internal import Foundation

/// A command of `/bin/sh` at the head of a process group of its own, which ends at the latest when
/// this program does.
///
/// What counts is the end of the command itself: processes that it leaves behind, and pipes that
/// they hold, delay nothing. A second process in the group waits for the end of this program,
/// however that comes, and then ends the group.
final class ShellProcess {
    /// How a command ended.
    enum Ending: Hashable {
        /// It returned this status.
        case status(Int32)
        /// This signal ended it.
        case signal(Int32)
    }

    private let command: pid_t
    private var guardian: pid_t?
    /// The other end is the guardian's input, which ends when nobody holds this one any more.
    private let lifeline: Int32

    /// Starts the command in `folder`; `output` is the descriptor that takes what it prints.
    ///
    /// The corresponding C function is `posix_spawn`.
    ///
    /// - Throws: `PipelineError` where the system cannot start a process.
    init(_ text: String, environment: [String: String], folder: String, output: Int32) throws {
        // Where children are ignored, the system forgets how they ended.
        _ = signal(SIGCHLD, SIG_DFL)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw ShellProcess.failure(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lifeline = ends[1]
        defer { close(ends[0]) }
        let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        do {
            // The C library's own way of changing the folder is not POSIX's.
            let folder = URL(literalPath: folder).standardizedFileURL.path
            command = try ShellProcess.spawn(
                [#"cd -- "$0" && exec /bin/sh -c "$1""#, folder, text], environment, group: 0,
                input: null, output: output)
        } catch {
            close(ends[1])
            throw error
        }
        // Without it, an orphan would end by itself; what it writes is not looked at.
        let waiting = "trap '' HUP INT TERM; read -r line; kill -TERM 0; sleep 5; kill -KILL 0"
        guardian = try? ShellProcess.spawn(
            [waiting], ["PATH": "/usr/bin:/bin"], group: command, input: ends[0], output: null)
    }

    deinit {
        // Nothing of the group outlives the command.
        send(SIGKILL)
        close(lifeline)
        dismissGuardian()
    }

    private func dismissGuardian() {
        guard let guardian else { return }
        kill(guardian, SIGKILL)
        _ = waitpid(guardian, nil, 0)
        self.guardian = nil
    }

    /// Asks the command and all of its group to end, waits until all have, and ends what is left
    /// after `grace`.
    func end(within grace: Duration) {
        send(SIGTERM)
        // It would be one of the group.
        dismissGuardian()
        let asked = ContinuousClock.now
        var hasEnded = false
        while true {
            if !hasEnded, waitpid(command, nil, WNOHANG) != 0 { hasEnded = true }
            if hasEnded, kill(-command, 0) != 0 { return }
            if asked.duration(to: .now) > grace {
                send(SIGKILL)
                if hasEnded { return }
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Sends a signal to the command and all of its group. The corresponding C function is `kill`.
    func send(_ signal: Int32) { kill(-command, signal) }

    /// How the command ended; nil while it runs. Once it has answered it must not be asked again.
    ///
    /// The corresponding C function is `waitpid`.
    func ending() throws -> Ending? {
        var status: Int32 = 0
        let found = unsafe waitpid(command, &status, WNOHANG)
        if found == 0 || (found < 0 && errno == EINTR) { return nil }
        guard found == command else {
            throw PipelineError(
                .software,
                "how the trainer ended cannot be found out: error \(errno) of waitpid")
        }
        let signal = status & 0x7F
        return signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
    }

    private static func failure(_ code: Int32) -> PipelineError {
        PipelineError(
            .software,
            "the trainer cannot be started: \(unsafe String(cString: strerror(code)))")
    }

    /// Starts `/bin/sh -c` with further arguments in the process group `group`, 0 for one of its
    /// own, with signals as in a new session.
    private static func spawn(
        _ arguments: [String], _ environment: [String: String], group: pid_t, input: Int32,
        output: Int32
    ) throws -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t? = nil
            var attributes: posix_spawnattr_t? = nil
        #else
            var actions = unsafe posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGXFSZ] {
            unsafe sigaddset(&signals, number)
        }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, group)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var process: pid_t = 0
        let code = unsafe withPointers(to: ["/bin/sh", "-c"] + arguments) { arguments in
            unsafe withPointers(to: environment.map { "\($0)=\($1)" }) { variables in
                unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw failure(code) }
        return process
    }

    /// Calls `body` with a C array of C strings; neither outlives the call.
    private static func withPointers<Result>(
        to texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else {
                preconditionFailure("the array has its end at least")
            }
            return unsafe body(first)
        }
    }
}
