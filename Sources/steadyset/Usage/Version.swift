internal import CCommit
internal import Datasets

/// What this program is.
enum Version {
    /// Twelve digits of the commit that `scripts/build` or `scripts/wheel` built it from, with
    /// `, changed` behind them where files differed from it; nil in other builds.
    static var commit: String? {
        // A text of the program's own, which has an end and stays.
        unsafe steadyset_commit_or_null().map { unsafe String(cString: $0) }
    }

    /// Version and commit, for a person.
    static var words: String { Release.version + (commit.map { " (\($0))" } ?? "") }
}
