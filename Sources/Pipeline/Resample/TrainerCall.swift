internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// One call of the user's own trainer: learn from a version of the dataset, then say how wrong the
/// model is.
///
/// The program works in `rounds/N/trainer`, N being the number of the version's round and 0 for the
/// base, and gets in its environment:
///
///     STEADYSET_PIPELINE                            the pipeline file
///     STEADYSET_DATA, STEADYSET_SELECTION
///         what to learn from: a reference, and the name of a selection
///     STEADYSET_MANIFEST                            the manifest of STEADYSET_DATA's shards
///     STEADYSET_CANDIDATES, …_CANDIDATES_SELECTION  what to score; not set in the last call
///     STEADYSET_CANDIDATES_MANIFEST                 the manifest of their shards
///     STEADYSET_ERRORS
///         where errors.csv of the candidates is to be written
///     STEADYSET_TEST_ERRORS                         where errors of the test part may be written
///     STEADYSET_ROUND, STEADYSET_SEED               the number, and the rounds' seed
struct TrainerCall {
    let number: Int
    let context: StageContext
    let version: Dataset
    let selection: String
    let curation: Curation
    /// What it scores, and the selection of that; nil in the last call.
    let candidates: (dataset: Dataset, selection: String)?

    private static let errorsName = "errors.csv"
    private static let testErrorsName = "test-errors.csv"
    private static let endedName = "ended.json"
    /// The beginning of the names of folders that one call has for its tables.
    private static let callPrefix = "call-"

    /// The folder in which the program of round `number` works.
    private static func folder(_ number: Int, of dataset: Dataset) -> String {
        "\(dataset.round(number).root)/trainer"
    }

    /// The file of errors of the test part, where the program writes one.
    static func testErrors(_ number: Int, of dataset: Dataset) -> String {
        "\(folder(number, of: dataset))/\(testErrorsName)"
    }

    /// The file that says what the program learnt from in the call of round `number`, relative to
    /// the folder of the round.
    static let ended = "trainer/\(endedName)"

    /// Whether the program has learnt from the version in a call that ended well, with whatever
    /// candidates.
    func wasMade() throws -> Bool {
        let dataset = context.base.round(number)
        guard let record = StepRecord(step: "trainer", in: dataset), record.isIntact(in: dataset),
            let ended = try? JSON.parse(
                file: dataset.path(TrainerCall.ended), followingLinks: false)
        else { return false }
        return try ended["version"]?.string == version.manifest(PackManifest.self).id.description
            && ended["selection"]?.string == selection
    }

    /// Runs the program, unless it was run for the same and left good tables.
    ///
    /// - Parameters:
    ///   - column: The column of errors that is the score.
    ///   - ids: The candidates, every one of which must have a score.
    /// - Returns: Their errors; nil in the last call.
    @discardableResult func run(_ trainer: ExternalTrainer, column: String, scoring ids: [SampleID])
        throws -> ScoreTable?
    {
        let dataset = context.base.round(number)
        let folder = TrainerCall.folder(number, of: context.base)
        try Dataset.createFolder(folder)
        try Dataset.createFolder(dataset.stepsFolder)
        let pack = try version.manifest(PackManifest.self)
        let fingerprint = Fingerprint.trainer(
            trainer.command, pack: pack.id, selection: selection,
            candidates: try candidates.map {
                (try $0.dataset.manifest(PackManifest.self).id, $0.selection)
            },
            seed: curation.seed)
        if let record = StepRecord(step: "trainer", in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset),
            let tables = try? Tables(in: folder, self, column: column, scoring: ids)
        {
            return tables.errors
        }
        try StepRecord.remove("trainer", in: dataset)
        for name in [TrainerCall.errorsName, TrainerCall.testErrorsName, TrainerCall.endedName] {
            try AtomicFile.withdraw("\(folder)/\(name)")
        }
        let call = try TrainerCall.newCall(in: folder)
        let log = "\(folder)/log.txt"
        let started = Stopwatch()
        context.reporter.noted(
            "the trainer learns from \(selection) of \(version.name); its output is in \(log)")
        try trainer.run(try environment(tablesIn: call), in: folder, log: log)
        let tables = try Tables(in: call, self, column: column, scoring: ids)
        // Only what was found good is kept, in files of which no process of the program's has a
        // handle.
        try Dataset.createFolder(folder)
        let ended = JSON.object([
            "round": .integer(number), "seed": .integer(Int(curation.seed)),
            "selection": .string(selection),
            "version": .string(pack.id.description), "seconds": .number(started.seconds),
        ])
        let kept = tables.bytes + [(TrainerCall.endedName, ended.prettyBytes)]
        for (name, bytes) in kept { try AtomicFile.write(bytes, to: "\(folder)/\(name)") }
        try Dataset.createFolder(dataset.stepsFolder)
        try StepRecord(
            step: "trainer", fingerprint: fingerprint,
            files: kept.map { name, bytes in
                Manifest.File(
                    path: "trainer/\(name)", bytes: bytes.count, sha256: Digest(of: bytes),
                    samples: 0)
            }, seconds: started.seconds
        ).write(in: dataset)
        try? FileManager.default.removeItem(atPath: call)
        return tables.errors
    }

    /// Makes the folder for the tables of one call, under a name that no other call had: what a
    /// program that outlived its own writes late reaches nobody. Those of earlier calls go.
    private static func newCall(in folder: String) throws -> String {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(callPrefix) && SampleID(name.dropFirst(callPrefix.count)) != nil {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        let call = "\(folder)/\(callPrefix)\(SampleID(bits: .random(in: 0...UInt64.max)))"
        try Dataset.createFolder(call)
        return call
    }

    /// The variables that a call sets, without `STEADYSET_`; none is handed on from the run of an
    /// outer program.
    private static let variables = [
        "PIPELINE", "DATA", "MANIFEST", "SELECTION", "CANDIDATES", "CANDIDATES_MANIFEST",
        "CANDIDATES_SELECTION", "ERRORS", "TEST_ERRORS", "ROUND", "SEED",
    ]

    /// The environment of the program: this one's, and what is said above.
    private func environment(tablesIn call: String) throws -> [String: String] {
        func absolute(_ path: String) -> String { URL(literalPath: path).standardizedFileURL.path }
        func reference(_ dataset: Dataset) -> String {
            absolute(dataset.root) + (dataset.version.map { "@\($0.short)" } ?? "")
        }
        var environment = ProcessInfo.processInfo.environment
        for name in TrainerCall.variables { environment["STEADYSET_\(name)"] = nil }
        environment["STEADYSET_PIPELINE"] = absolute(context.pipelinePath)
        environment["STEADYSET_DATA"] = reference(version)
        environment["STEADYSET_MANIFEST"] = absolute(version.packManifest)
        environment["STEADYSET_SELECTION"] = selection
        environment["STEADYSET_TEST_ERRORS"] = absolute("\(call)/\(TrainerCall.testErrorsName)")
        environment["STEADYSET_ROUND"] = "\(number)"
        environment["STEADYSET_SEED"] = "\(curation.seed)"
        if let (candidates, selection) = candidates {
            environment["STEADYSET_CANDIDATES"] = reference(candidates)
            environment["STEADYSET_CANDIDATES_MANIFEST"] = absolute(candidates.packManifest)
            environment["STEADYSET_CANDIDATES_SELECTION"] = selection
            environment["STEADYSET_ERRORS"] = absolute("\(call)/\(TrainerCall.errorsName)")
        }
        return environment
    }

    /// What the program wrote, read once and checked.
    private struct Tables {
        /// Errors of the candidates; nil in the last call.
        let errors: ScoreTable?
        /// The files by their names.
        private(set) var bytes: [(name: String, bytes: [UInt8])] = []

        /// Reads the tables in `folder`.
        ///
        /// - Throws: `PipelineError`: `.trainer` where the one that must be there is not, `.data`
        ///   where one is wrong.
        init(in folder: String, _ call: TrainerCall, column: String, scoring ids: [SampleID]) throws
        {
            func read(_ name: String) throws -> [UInt8] {
                do {
                    return try InputFile.read(
                        "\(folder)/\(name)", maximumBytes: ScoreTable.maximumBytes)
                } catch {
                    // The program is there, so its table is what is wrong.
                    let error = PipelineError(error)
                    throw error.kind == .noInput ? PipelineError(.data, error.message) : error
                }
            }
            if call.candidates == nil {
                errors = nil
            } else {
                let path = "\(folder)/\(TrainerCall.errorsName)"
                guard InputFile.isFolder(path) == false else {
                    throw PipelineError(
                        .trainer,
                        "the trainer ended well, but wrote no \(path), which STEADYSET_ERRORS "
                            + "names; its output is in "
                            + "\(TrainerCall.folder(call.number, of: call.context.base))/log.txt")
                }
                let content = try read(TrainerCall.errorsName)
                let table = try ScoreTable(content, path: path, column: column)
                try table.check(against: ids, "the candidates")
                errors = table
                bytes.append((TrainerCall.errorsName, content))
            }
            let path = "\(folder)/\(TrainerCall.testErrorsName)"
            guard InputFile.isFolder(path) == false else { return }
            let content = try read(TrainerCall.testErrorsName)
            try call.checkTestErrors(
                try ScoreTable(content, path: path, column: column), column: column)
            bytes.append((TrainerCall.testErrorsName, content))
        }
    }

    /// Refuses errors of other samples than those of the round before, where the rule that ends
    /// rounds compares both.
    private func checkTestErrors(_ table: ScoreTable, column: String) throws {
        guard curation.stop != nil, number > 0 else { return }
        let earlier = TrainerCall.testErrors(number - 1, of: context.base)
        guard InputFile.isFolder(earlier) == false else { return }
        try table.check(
            against: try ScoreTable(path: earlier, column: column).ids,
            "the round before, which 'stop' compares")
    }
}
