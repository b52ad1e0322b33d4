internal import ArgumentParser
internal import Diagnosis
internal import Documents
internal import Fields
internal import Foundation

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what could go wrong on this machine, or in a folder for datasets.",
        discussion: """
            Looks at the processor, cores, memory, limits, libraries and the Python package, and \
            tries in the folder what stages do: writing, links, locks. Leaves nothing behind. \
            Ends with status 0 where nothing is wrong, with 1 where something is; notes are no \
            fault.
            """,
        examples: [
            "steadyset doctor",
            "steadyset doctor /data --json",
        ])

    @Argument(
        help: "The folder where datasets are to be; this one unless given.", completion: .directory)
    var folder = "."

    @Flag(help: "Write the findings as JSON.")
    var json = false

    func run() throws {
        let companions = CompanionProgram.known.map { name, what in
            Diagnosis.Companion(
                name: name, path: CompanionProgram(name)?.path, install: what.install)
        }
        let diagnosis = try Diagnosis(folder: folder, companions: companions)
        if json {
            let commit = ["commit": Version.commit.map(JSON.string) ?? .null]
            let result = (diagnosis.json.object ?? [:]).merging(commit) { $1 }
            Terminal.write(JSON.object(result).canonicalText + "\n")
        } else {
            for finding in diagnosis.findings { finding.write() }
            let notes = diagnosis.findings.count { $0.state == .note }
            let wrong = diagnosis.findings.count { $0.state == .wrong }
            Terminal.write(
                "\(wrong == 0 ? "sound" : "NOT sound"): \(diagnosis.findings.count) findings, "
                    + "\(notes) \(notes == 1 ? "note" : "notes"), \(wrong) wrong\n")
        }
        guard diagnosis.isSound else { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}

extension Finding {
    /// Writes a line, and below it what to do.
    fileprivate func write() {
        let (word, colour): (String, Terminal.Colour) =
            switch state {
            case .fine: ("fine ", .green)
            case .note: ("note ", .yellow)
            case .wrong: ("WRONG", .red)
            }
        Terminal.write(word, in: colour)
        let name = subject.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
        Terminal.write("  \(name)\(ForeignText.bounded(found))\n")
        if let advice { Terminal.write("                     \(advice)\n") }
    }
}
