internal import Fields
internal import Foundation
internal import Shards

/// One call of the user's own trainer: learn from a version of the dataset, then say how wrong the model is.
///
/// The program works in `rounds/N/trainer`, N being the number of the version's round and 0 for the base, and gets in its
/// environment:
///
///     STEADYSET_DATA, STEADYSET_SELECTION                what to learn from: a reference, and the name of a selection
///     STEADYSET_MANIFEST                                 the manifest of STEADYSET_DATA's shards
///     STEADYSET_CANDIDATES, …_CANDIDATES_SELECTION       what to score; not set in the last call
///     STEADYSET_CANDIDATES_MANIFEST                      the manifest of their shards
///     STEADYSET_ERRORS                                   where errors.csv of the candidates is to be written
///     STEADYSET_TEST_ERRORS                              where errors of the test part may be written
///     STEADYSET_ROUND, STEADYSET_SEED                    the number, and the rounds' seed
struct TrainerCall {
    let number: Int
    let job: Job
    let version: Dataset
    let selection: String
    let seed: UInt32
    /// What it scores, and the selection of that; nil in the last call.
    let candidates: (dataset: Dataset, selection: String)?

    /// The file of errors of the test part, where the program writes one.
    static func testErrors(_ number: Int, of dataset: Dataset) -> String {
        "\(Round.dataset(number, of: dataset).root)/trainer/test-errors.csv"
    }

    /// Runs the program, unless it was run for the same; returns the path of the errors.
    @discardableResult
    func run(_ trainer: ExternalTrainer) throws -> String {
        let dataset = Round.dataset(number, of: job.dataset)
        let folder = "\(dataset.root)/trainer"
        let (errors, testErrors) = ("\(folder)/errors.csv", TrainerCall.testErrors(number, of: job.dataset))
        try Dataset.createFolder(folder)
        try Dataset.createFolder(dataset.stepsFolder)
        let pack = try version.manifest(.pack)
        let fingerprint = Fingerprint.trainer(
            trainer.command, pack: pack.id, selection: selection,
            candidates: try candidates.map { (try $0.dataset.manifest(.pack).id, $0.selection) }, seed: seed)
        if let record = StepRecord(step: "trainer", in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset)
        {
            return errors
        }
        StepRecord.remove("trainer", in: dataset)
        for path in [errors, testErrors] { AtomicFile.remove(path) }
        func absolute(_ path: String) -> String { URL(literalPath: path).standardizedFileURL.path }
        var variables = [
            "STEADYSET_DATA": absolute(version.root) + (version.version.map { "@\($0.short)" } ?? ""),
            "STEADYSET_MANIFEST": absolute(version.packManifest), "STEADYSET_SELECTION": selection,
            "STEADYSET_TEST_ERRORS": absolute(testErrors), "STEADYSET_ROUND": "\(number)",
            "STEADYSET_SEED": "\(seed)",
        ]
        if let (candidates, selection) = candidates {
            variables["STEADYSET_CANDIDATES"] =
                absolute(candidates.root) + (candidates.version.map { "@\($0.short)" } ?? "")
            variables["STEADYSET_CANDIDATES_MANIFEST"] = absolute(candidates.packManifest)
            variables["STEADYSET_CANDIDATES_SELECTION"] = selection
            variables["STEADYSET_ERRORS"] = absolute(errors)
        }
        let started = Date()
        job.reporter.noted(
            "the trainer learns from \(selection) of \(version.name); its output is in \(folder)/log.txt")
        try trainer.run(variables, in: folder, log: "\(folder)/log.txt")
        if candidates != nil, InputFile.isFolder(errors) != false {
            throw PipelineError(
                .trainer,
                "the trainer ended well, but wrote no \(errors), which STEADYSET_ERRORS names; its output is in "
                    + "\(folder)/log.txt")
        }
        let files = try ["errors.csv", "test-errors.csv", "log.txt"].filter {
            InputFile.isFolder("\(folder)/\($0)") == false
        }.map { name in
            let digest = try FileDigest(of: "\(folder)/\(name)", followingLinks: true)
            return Manifest.File(path: "trainer/\(name)", bytes: digest.bytes, sha256: digest.sha256, samples: 0)
        }
        try StepRecord(
            step: "trainer", fingerprint: fingerprint, files: files, seconds: Date().timeIntervalSince(started)
        ).write(in: dataset)
        return errors
    }
}
