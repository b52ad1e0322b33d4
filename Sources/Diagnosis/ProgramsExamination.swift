internal import Datasets
internal import Dispatch
internal import Documents
internal import Foundation

/// Asks the Python package and the companions of this program for their versions.
struct ProgramsExamination {
    private let python: Question?
    private let companions: [(companion: Diagnosis.Companion, question: Question?)]

    /// Starts to ask.
    init(_ companions: [Diagnosis.Companion]) {
        python = Self.onPath("python3").map { Question($0, ["-c", Self.program]) }
        self.companions = companions.map { companion in
            (companion, companion.path.map { Question($0, ["--version"]) })
        }
    }

    /// The folder that one is in may have the package's name.
    private static let program = """
        import importlib, sys
        sys.path[:] = [path for path in sys.path if path]
        print(*sys.version_info[:2], sep=".")
        print(importlib.import_module("steadyset").__version__)
        """

    /// Waits for the answers.
    func findings() -> [Finding] { [pythonFinding] + companionFindings }

    private var pythonFinding: Finding {
        guard let python else {
            return .note(
                .python, "there is no python3 on the PATH",
                "it is needed to read datasets from Python, and by report, look and push")
        }
        let lines = python.answer()
        guard let version = lines.first else {
            return .note(.python, "\(python.path) does not run", "install Python 3.10 or later")
        }
        let parts = version.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2, (parts[0], parts[1]) >= (3, 10) else {
            return .note(
                .python, "\(python.path) is Python \(version)", "install Python 3.10 or later")
        }
        let words = "\(python.path) (Python \(version))"
        guard lines.count == 2 else {
            return .note(
                .python, "\(words) cannot import steadyset",
                "to read datasets from Python: pip install steadyset, of version "
                    + Release.version)
        }
        guard lines[1] == Release.version else {
            return .wrong(
                .python,
                "\(words) has steadyset \(lines[1]), and this command is of "
                    + Release.version, "install both of one version")
        }
        return .fine(.python, "\(words) has steadyset \(lines[1])")
    }

    private var companionFindings: [Finding] {
        var (fine, found, missing): ([String], [Finding], [Diagnosis.Companion]) = ([], [], [])
        for (companion, question) in companions {
            guard let question else {
                missing.append(companion)
                continue
            }
            let version = question.answer().first?.split(separator: " ").last.map(String.init)
            if version == Release.version {
                fine.append(companion.name)
            } else {
                let said = version.map { "is of version \($0)" } ?? "does not say its version"
                found.append(
                    .wrong(
                        .companions,
                        "\(question.path) \(said), and this command is of "
                            + Release.version, "\(companion.install), of version \(Release.version)"
                    ))
            }
        }
        if !missing.isEmpty {
            let names = missing.map { "steadyset-\($0.name)" }.joined(separator: ", ")
            found.append(
                .note(
                    .companions, "not there: \(names)",
                    "to have them: pip install steadyset, of version \(Release.version)"))
        }
        if found.isEmpty || !fine.isEmpty {
            found.insert(
                .fine(.companions, "\(fine.joined(separator: ", ")) of version \(Release.version)"),
                at: 0)
        }
        return found
    }

    private static func onPath(_ name: String) -> String? {
        let listed = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return listed.lazy.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }.first(
            where: InputFile.isProgram)
    }

    /// A program that was asked something and has half a minute to answer.
    private final class Question {
        let path: String
        private let process = Process()
        private let output = Pipe()
        private let isStarted: Bool

        init(_ path: String, _ arguments: [String]) {
            self.path = path
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            process.standardInput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            process.standardOutput = output
            isStarted = (try? process.run()) != nil
        }

        /// The lines of its answer, however it ended; waits for the end of its output. Not for its
        /// own end, of which Foundation now and then hears nothing, and waits for ever.
        func answer() -> [String] {
            guard isStarted else { return [] }
            let number = process.processIdentifier
            let late = DispatchWorkItem { kill(number, SIGKILL) }
            DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: late)
            let bytes = output.fileHandleForReading.readData(ofLength: 1 << 16)
            late.cancel()
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
                ForeignText.excerpt($0)
            }
        }
    }
}
