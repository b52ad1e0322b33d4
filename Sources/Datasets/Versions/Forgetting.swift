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

    private static func path(in folder: String) -> String { "\(folder)/forgetting.json" }

    /// What a killed command left in `folder`, that of a dataset's private files, or nil where
    /// there is nothing of the kind.
    ///
    /// - Throws: `DatasetError` of kind `.data` where the file is there and is not one of these:
    ///   what was to be forgotten is not known then.
    package init?(in folder: String) throws {
        let path = Forgetting.path(in: folder)
        guard try PathEntry(at: path) != .nothing else { return nil }
        do {
            let json = try JSON.parse(file: path, maximumBytes: 1 << 24, followingLinks: false)
            let members = try JSONMembers<DatasetError>(
                json, of: path, required: ["format", "version", "versions", "rounds"])
            guard try members.string("format") == Forgetting.format, try members.int("version") == 1
            else { throw DatasetError(.data, "'format' and 'version' are others") }
            versions = try members.get("versions", "an object of ids and tags") { json in
                json.object.flatMap { entries in
                    let tags = entries.compactMapValues { $0.array.map { $0.compactMap(\.string) } }
                    let areIDs = tags.keys.allSatisfy {
                        $0.utf8.count == 16 && Digest.areDigits($0)
                    }
                    return areIDs && tags.count == entries.count ? tags : nil
                }
            }
            rounds = Set(try members.ints("rounds"))
        } catch {
            throw DatasetError(
                .data,
                "\(path): is not what 'steadyset gc' writes (\(DatasetError(error).message)), so "
                    + "what it was to forget is not known: remove this file, and run 'steadyset "
                    + "gc --drop' again", path: path, cause: error)
        }
    }

    package init(versions: [String: [String]], rounds: Set<Int>) {
        (self.versions, self.rounds) = (versions, rounds)
    }

    /// The version that `text` named when its forgetting began: a tag, or the first digits of its
    /// id.
    package func version(named text: String) -> String? {
        if let tagged = versions.first(where: { $0.value.contains(text) }) { return tagged.key }
        guard text.utf8.count >= Digest.fewestDigits, Digest.areDigits(text) else { return nil }
        let found = versions.keys.filter { $0.hasPrefix(text.prefix(16)) }
        return found.count == 1 ? found.first : nil
    }

    /// Writes it; from now on the forgetting will be finished.
    package func write(in folder: String) throws {
        let json = JSON.object([
            "format": .string(Forgetting.format), "version": .integer(1),
            "versions": .object(versions.mapValues { .array($0.sorted().map(JSON.string)) }),
            "rounds": .array(rounds.sorted().map(JSON.integer)),
        ])
        try AtomicFile.write(json.prettyBytes, to: Forgetting.path(in: folder))
    }

    /// Takes away what is left of one that was not finished, and itself last: after that nothing
    /// may be left to do.
    package static func remove(in folder: String) {
        for file in [AtomicFile.temporary(for: path(in: folder)), path(in: folder)] {
            AtomicFile.remove(file)
        }
    }
}
