internal import Datasets
public import Documents
internal import Parallel

/// What could go wrong on this machine, or in one of its folders.
public struct Diagnosis {
    /// A program `steadyset-NAME`, as far as it is there.
    public struct Companion: Sendable {
        let name: String
        let path: String?
        let install: String

        /// - Parameters:
        ///   - name: the NAME.
        ///   - path: the program; nil where there is none.
        ///   - install: how to have it.
        public init(name: String, path: String?, install: String) {
            (self.name, self.path, self.install) = (name, path, install)
        }
    }

    /// The folder that was looked at.
    public let folder: String
    /// What was found, in the order of `Finding.Subject`; at least one of each subject, but for
    /// those of a folder that is not there or cannot be written to.
    public let findings: [Finding]

    /// Looks. In the folder a folder of its own is made and removed; it writes nowhere else.
    ///
    /// - Throws: `Interrupted`.
    public init(folder: String, companions: [Companion]) throws {
        Interruption.listen()
        self.folder = folder
        let system = SystemFiles()
        // Programs take the longest to answer.
        let programs = ProgramsExamination(companions)
        var findings = MachineExamination(system).findings
        findings += VariablesExamination(system).findings
        findings += try FolderExamination(folder, system).findings()
        findings += programs.findings()
        let order = Finding.Subject.allCases
        self.findings = order.flatMap { subject in findings.filter { $0.subject == subject } }
        try Interruption.check()
    }

    /// Whether nothing is wrong.
    public var isSound: Bool { !findings.contains { $0.state == .wrong } }

    /// The result for machines.
    public var json: JSON {
        .object([
            "steadyset": .string(Release.version), "folder": .string(folder),
            "sound": .bool(isSound), "findings": .array(findings.map(\.json)),
        ])
    }
}
