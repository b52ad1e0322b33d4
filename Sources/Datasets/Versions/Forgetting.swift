internal import Documents
internal import Fields
internal import Sampling
internal import Shards

/// What `gc --drop --apply` is about to forget: `.steadyset/forgetting.json`, there from before the
/// first removal until after the last, so that the same command, or the next `gc`, finishes what a
/// killed one began.
///
/// Whoever else writes to the dataset takes it away: what is there then is whole at every moment,
/// and may be needed again.
package struct Forgetting: Equatable {
    /// The first digits of the ids of versions, with their tags.
    package var versions: [String: [String]] = [:]
    /// Numbers of rounds whose work goes.
    package var rounds: Set<Int> = []

    private static let format = "steadyset-forgetting"

    private static func path(in dataset: Dataset) -> String {
        "\(dataset.privateFolder)/forgetting.json"
    }

    /// What a killed command left, or nil.
    package init?(in dataset: Dataset) {
        guard
            let json = try? JSON.parse(
                file: Forgetting.path(in: dataset), maximumBytes: 1 << 24, followingLinks: false),
            json["format"] == .string(Forgetting.format), json["version"] == .integer(1),
            let versions = json["versions"]?.object, let rounds = json["rounds"]?.array
        else { return nil }
        for (short, tags) in versions where short.utf8.count == 16 && Versions.areDigits(short) {
            self.versions[short] = (tags.array ?? []).compactMap(\.string)
        }
        self.rounds = Set(rounds.compactMap(\.int))
    }

    package init(versions: [String: [String]], rounds: Set<Int>) {
        (self.versions, self.rounds) = (versions, rounds)
    }

    /// The version that `text` named when its forgetting began: a tag, or the first digits of its
    /// id.
    package func version(named text: String) -> String? {
        if let tagged = versions.first(where: { $0.value.contains(text) }) { return tagged.key }
        guard text.utf8.count >= Versions.fewestDigits, Versions.areDigits(text) else { return nil }
        let found = versions.keys.filter { $0.hasPrefix(text.prefix(16)) }
        return found.count == 1 ? found.first : nil
    }

    /// Writes it; from now on the forgetting will be finished.
    package func write(in dataset: Dataset) throws {
        let json = JSON.object([
            "format": .string(Forgetting.format), "version": .integer(1),
            "versions": .object(versions.mapValues { .array($0.sorted().map(JSON.string)) }),
            "rounds": .array(rounds.sorted().map(JSON.integer)),
        ])
        try AtomicFile.write(json.prettyBytes, to: Forgetting.path(in: dataset))
    }

    /// Takes away what is left of one that was not finished, and itself last: after that nothing
    /// may be left to do.
    package static func remove(in dataset: Dataset) {
        for file in [AtomicFile.temporary(for: path(in: dataset)), path(in: dataset)] {
            AtomicFile.remove(file)
        }
    }
}
