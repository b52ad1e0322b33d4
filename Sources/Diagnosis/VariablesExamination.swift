internal import Datasets
internal import Foundation
internal import Parallel

/// Looks at variables of the environment that change what the command, the Python package and
/// PyTorch do.
struct VariablesExamination {
    private static let threads = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]

    private let variables: [String: String]
    private let cores: Int

    init(
        _ system: SystemFiles,
        variables: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.variables = variables
        cores = Cores(system).usable
    }

    var findings: [Finding] {
        var found = Self.threads.compactMap(threads)
        if let path = named("STEADYSET"), !InputFile.isProgram(path) {
            found.append(
                .wrong(
                    .variables, "STEADYSET names \(path), which is no program",
                    "name the program steadyset, or unset it"))
        }
        if let path = named("TMPDIR"), InputFile.isFolder(path) != true || !isWritable(path) {
            found.append(
                .wrong(
                    .variables, "TMPDIR names \(path), which is no folder to write to",
                    "name one that is, or unset it"))
        }
        guard found.isEmpty else { return found }
        let set = (Self.threads + ["STEADYSET", "TMPDIR"]).filter { named($0) != nil }
        return [
            .fine(
                .variables,
                set.isEmpty
                    ? "none is set that changes anything"
                    : set.map { "\($0)=\(named($0) ?? "")" }.joined(separator: ", "))
        ]
    }

    private func threads(_ name: String) -> Finding? {
        guard let text = named(name) else { return nil }
        // OpenMP has one number for each level of nesting.
        let first = text.split(separator: ",").first.map { $0.trimmingCharacters(in: .whitespaces) }
        guard let number = first.flatMap({ Int($0) }), number > 0 else {
            return .wrong(.variables, "\(name)=\(text) is no number of threads", "set or unset it")
        }
        guard number > cores else { return nil }
        return .note(
            .variables, "\(name)=\(text), and there are \(cores) cores for this process",
            "threads of PyTorch and NumPy wait for each other: set it to \(cores)")
    }

    private func named(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func isWritable(_ path: String) -> Bool {
        FileManager.default.isWritableFile(atPath: path)
    }
}
