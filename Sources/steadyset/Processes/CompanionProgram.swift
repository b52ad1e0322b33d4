internal import Datasets
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
        let own = Self.executable.map {
            [URL(fileURLWithPath: $0).deletingLastPathComponent().path]
        }
        let listed = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        let folders = (own ?? []) + listed.map(String.init).filter { $0.hasPrefix("/") }
        let places = folders.lazy.map { "\($0)/steadyset-\(name)" }
        let found = places.first {
            InputFile.isFolder($0) == false && FileManager.default.isExecutableFile(atPath: $0)
        }
        guard let found else { return nil }
        path = found
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

    /// Becomes the program that the first of `arguments` names, unless it is one of `subcommands`
    /// or an option. Returns where there is no such program, so that the name is a wrong one; ends
    /// the process where there should be one.
    static func run(_ arguments: ArraySlice<String>, unless subcommands: [String]) throws {
        guard let name = arguments.first, !subcommands.contains(name) else { return }
        if let program = CompanionProgram(name) { try program.become(arguments.dropFirst()) }
        if let message = missing(name) {
            Terminal.fail(message, status: ExitStatus.unavailable.rawValue)
        }
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
