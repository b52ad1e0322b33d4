internal import Datasets
internal import Documents
internal import Foundation
internal import Pipeline

/// A program `steadyset-NAME`, which does what a subcommand NAME would: it stands beside this
/// program or on the PATH, and may be anybody's. The Python package has some.
struct CompanionProgram {
    /// Those that the Python package has: what each shows, and how to have it.
    static let known: KeyValuePairs = [
        "report": (
            shows: "a page about a dataset, a training or rounds",
            install: "pip install 'steadyset[report]'"
        ),
        "look": (shows: "pictures of samples and predictions", install: "pip install steadyset"),
        "push": (shows: "a dataset to object storage", install: "pip install 'steadyset[s3]'"),
        "pull": (shows: "a dataset from a URL", install: "pip install 'steadyset[remote]'"),
        "sync": (
            shows: "push, and remove what else is there",
            install: "pip install 'steadyset[s3]'"
        ),
        "remote": (
            shows: "check, list and clean what is in object storage",
            install: "pip install 'steadyset[s3]'"
        ),
    ]

    let path: String

    /// The program for a subcommand `name`, nil where there is none. Folders of the PATH that are
    /// not absolute are passed over.
    init?(_ name: String) {
        let letters = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }
        guard letters, !name.hasPrefix("-"), name.utf8.count <= 64 else { return nil }
        let places = Self.folders.lazy.map { "\($0)/steadyset-\(name)" }
        guard let found = places.first(where: InputFile.isProgram) else { return nil }
        path = found
    }

    /// Where such programs may be, the first before others.
    private static var folders: [String] {
        let own = executable.map { [URL(fileURLWithPath: $0).deletingLastPathComponent().path] }
        let listed = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return (own ?? []) + listed.map(String.init).filter { $0.hasPrefix("/") }
    }

    /// The names of those that are there, and of those that the Python package has.
    private static var names: [String] {
        let files = folders.flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []
        }
        let prefix = "steadyset-"
        return known.map(\.key)
            + files.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// Why a program that is known is not there, and how to have it; nil of others.
    static func missing(_ name: String) -> String? {
        known.first { $0.key == name }.map {
            "'\(name)' is done by the program steadyset-\(name), which is neither beside this one "
                + "nor on the PATH: \($0.value.install)"
        }
    }

    /// This program's own file.
    static var executable: String? {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return link ?? Bundle.main.executablePath
    }

    /// Becomes the program that the first of `arguments` names, or the one behind `help`, unless it
    /// is one of `subcommands` or an option. Ends the process where there is no such program, with
    /// the name that may have been meant: one of `shown`, or of a program that is there.
    static func run(
        _ arguments: ArraySlice<String>, unless subcommands: [String], shown: [String]
    ) throws {
        let asksForHelp = arguments.first == "help"
        let arguments = asksForHelp ? arguments.dropFirst() : arguments
        guard let name = arguments.first, !name.hasPrefix("-"), !subcommands.contains(name) else {
            return
        }
        if let program = CompanionProgram(name) {
            try program.become(asksForHelp ? ["--help"] : arguments.dropFirst())
        }
        if let message = missing(name) {
            Terminal.fail(message, status: ExitStatus.unavailable.rawValue)
        }
        let near = EditDistance.nearest(to: name, among: shown + names)
        Terminal.fail(
            "there is no command '\(ForeignText.excerpt(name))'"
                + (near.map { ": did you mean '\(ForeignText.excerpt($0))'?" }
                    ?? ": 'steadyset --help' lists those that there are"),
            status: ExitStatus.usage.rawValue)
    }

    /// Lets programs of the Python package find this one, unless the user named another.
    ///
    /// The corresponding C function is `setenv`.
    static func nameOwnProgram() {
        if let executable { _ = unsafe setenv("STEADYSET", executable, 0) }
    }

    /// Lets the program take this one's place in the process.
    ///
    /// The corresponding C function is `execv`.
    private func become(_ arguments: ArraySlice<String>) throws -> Never {
        Self.nameOwnProgram()
        // The strings live as long as the process, which has no end here where all goes well.
        let words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        _ = unsafe execv(path, words)
        let reason = unsafe String(cString: strerror(errno))
        throw PipelineError(.noInput, "cannot start \(path): \(reason)")
    }
}
