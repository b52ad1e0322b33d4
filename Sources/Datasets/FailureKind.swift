/// What kind of thing went wrong, for the modules that work on datasets. How a process ends because
/// of it is the command's affair.
public enum FailureKind: String, Hashable, Sendable, CaseIterable {
    /// What was asked for makes no sense.
    case usage
    /// An input file, a manifest or a shard is not what it must be.
    case data
    /// An input does not exist or cannot be read.
    case noInput
    /// The output cannot be created: it holds something else, or may not be written.
    case cannotCreate
    /// Reading or writing failed; the disk is full.
    case io
    /// The output is in use by another process.
    case inUse
    /// A training's loss or weights are no longer finite.
    case diverged
    /// The user's own trainer failed, took too long, or wrote no result.
    case trainer
    /// Interrupted by the user.
    case interrupted
    /// Told to end.
    case terminated
    /// An error of this program or of a library.
    case software
}
