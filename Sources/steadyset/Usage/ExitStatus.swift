internal import Datasets

/// How a command ends; the numbers are those of BSD's sysexits.h where it has one.
enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Everything was done.
    case success = 0
    /// `verify` or `doctor` found something wrong, or `status` work that did not end well.
    case damage = 1
    /// A training whose loss or weights are no longer finite.
    case diverged = 2
    /// `certify` could not bring a field within the tolerance.
    case uncertified = 3
    /// The user's own trainer failed, took too long, or wrote no result.
    case trainer = 4
    /// Options or arguments that make no sense (EX_USAGE).
    case usage = 64
    /// An input file, a manifest or a shard is not what it must be (EX_DATAERR).
    case data = 65
    /// An input does not exist or cannot be read (EX_NOINPUT).
    case noInput = 66
    /// Something that the command needs is missing (EX_UNAVAILABLE): instructions of the processor,
    /// which `CProcessor` says in C, as nothing else could run, or another program.
    case unavailable = 69
    /// An error of this program or of a library (EX_SOFTWARE).
    case software = 70
    /// The output cannot be created: it holds something else, or may not be written (EX_CANTCREAT).
    case cannotCreate = 73
    /// Reading or writing failed; the disk is full (EX_IOERR).
    case io = 74
    /// The output is in use by another process; try again later (EX_TEMPFAIL).
    case inUse = 75
    /// Interrupted by the user (128 + SIGINT).
    case interrupted = 130
    /// Told to end (128 + SIGTERM).
    case terminated = 143

    /// What the status means, in a few words, for `--help`.
    var meaning: String {
        switch self {
        case .success: "done"
        case .damage:
            "verify or doctor found something wrong, or status work that did not end well"
        case .diverged:
            "train met a loss or a weight that is not finite; the last whole epoch is kept"
        case .uncertified: "certify could not bring every field within the tolerance"
        case .trainer:
            "a trainer of your own failed, took too long or wrote no errors; the last version is "
                + "kept"
        case .usage: "wrong options or arguments"
        case .data: "a pipeline, configuration, manifest, shard, model or prediction is not valid"
        case .noInput: "an input does not exist or cannot be read"
        case .unavailable:
            "this processor lacks instructions (AVX2, FMA) that this build uses: build it on this "
                + "machine; or a program is missing that the command needs"
        case .software: "an internal error"
        case .cannotCreate: "the output folder holds something else or cannot be written"
        case .io: "reading or writing failed, or the disk is full"
        case .inUse: "another process uses the output folder"
        case .interrupted: "interrupted; run the same command again to continue"
        case .terminated: "terminated; run the same command again to continue"
        }
    }

    /// How a command ends that failed like this.
    init(_ kind: FailureKind) {
        self =
            switch kind {
            case .usage: .usage
            case .data: .data
            case .noInput: .noInput
            case .cannotCreate: .cannotCreate
            case .io: .io
            case .inUse: .inUse
            case .diverged: .diverged
            case .trainer: .trainer
            case .interrupted: .interrupted
            case .terminated: .terminated
            case .software: .software
            }
    }
}
