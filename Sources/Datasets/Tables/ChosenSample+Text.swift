internal import Documents
internal import Fields
internal import Sampling

extension ChosenSample {
    /// Choices as text, a line each, before samples have ranks: the columns of `choices-….csv` but
    /// for that.
    package static func text(_ choices: [ChosenSample]) -> [UInt8] {
        let table = ChoiceTable(choices.map { ($0, 0) }).bytes
        return Array(
            table.split(separator: 10).map { line in
                // id,rank,…: the second field goes.
                let fields = line.split(
                    separator: 44, maxSplits: 2, omittingEmptySubsequences: false)
                return Array(fields[0]) + [44] + Array(fields[2]) + [10]
            }.joined())
    }

    /// Reads such a file.
    ///
    /// - Throws: `DatasetError` with the number of the line that is wrong.
    package static func read(path: String) throws -> [ChosenSample] {
        let bytes = try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes)
        var ranked = Array((ChoiceTable.header + "\n").utf8)
        for line in bytes.split(separator: 10).dropFirst() {
            guard let comma = line.firstIndex(of: 44) else {
                throw DatasetError(.data, "\(path): has a line without a comma")
            }
            ranked += Array(line[..<comma]) + Array(",0".utf8) + Array(line[comma...]) + [10]
        }
        let choices = try ChoiceTable(ranked, path: path).rows.map(\.choice)
        guard text(choices) == bytes else {
            throw DatasetError(.data, "\(path): is not as this program writes it")
        }
        return choices
    }

    /// Counts and mean scores by number of sources, for manifests.
    package static func summary(of choices: [ChosenSample]) -> [ResampleManifest.StratumChoices] {
        Dictionary(grouping: choices, by: \.sources).sorted { $0.key < $1.key }.map {
            sources, own in
            let joined = own.filter { $0.action != .dropped }
            return ResampleManifest.StratumChoices(
                sources: sources, added: own.count { $0.action == .added },
                taken: own.count { $0.action == .taken },
                dropped: own.count { $0.action == .dropped },
                meanScore: joined.isEmpty ? nil : ScoreMean.of(joined.map { $0.score ?? 0 }))
        }
    }
}
