internal import Documents
package import Fields
internal import Foundation
internal import Shards

/// Names that people and rounds give to versions: `pack/tags.json`, an object of names and ids.
extension Versions {
    package static let tagsName = "tags.json"

    private var tagsPath: String { "\(folder)/\(Versions.tagsName)" }

    /// The tags; none where there is no such file.
    ///
    /// - Throws: `DatasetError` where the file is not what it must be.
    package func tags() throws -> [String: Digest] {
        guard try PathEntry(at: tagsPath) != .nothing else { return [:] }
        let json = try JSON.parse(file: tagsPath)
        try Schema.named("tags").check(json, source: tagsPath)
        var tags: [String: Digest] = [:]
        for (name, value) in json.object ?? [:] {
            try Versions.check(tag: name)
            tags[name] = value.string.flatMap(Digest.init(hex:))
        }
        return tags
    }

    /// The id of another version than `id` that has the name `name` and is there; nil where the
    /// name is free.
    package func holder(of name: String, otherThan id: Digest? = nil) throws -> Digest? {
        guard let held = try tags()[name], held != id else { return nil }
        if try baseID() == held { return held }
        return try PathEntry(at: "\(folder)/\(PackManifest.fileName(of: held))") == .nothing
            ? nil : held
    }

    /// Gives a version a name, or moves the name to it. The dataset's lock must be held.
    package func tag(_ id: Digest, as name: String) throws {
        try Versions.check(tag: name)
        var tags = try tags()
        guard tags.updateValue(id, forKey: name) != id else { return }
        try write(tags)
    }

    /// Takes names away. The dataset's lock must be held.
    package func deleteTags(_ names: Set<String>) throws {
        let tags = try tags()
        let kept = tags.filter { !names.contains($0.key) }
        if kept.count < tags.count { try write(kept) }
    }

    private func write(_ tags: [String: Digest]) throws {
        try AtomicFile.write(
            JSON.object(tags.mapValues { .string($0.description) }).prettyBytes, to: tagsPath)
    }

    /// Refuses a name that is no tag: 1 to 64 letters, digits, `.`, `-` and `_`, the first a
    /// letter; not `base`, and not the digits of an id.
    package static func check(tag name: String) throws {
        func isLetter(_ byte: UInt8) -> Bool {
            (65...90).contains(byte) || (97...122).contains(byte)
        }
        let isProper =
            (1...64).contains(name.utf8.count) && name.utf8.first.map(isLetter) == true
            && name.utf8.allSatisfy {
                isLetter($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
            }
        guard isProper else {
            throw DatasetError(
                .usage,
                "'\(name)' cannot be a tag: tags have 1 to 64 letters, digits, '.', '-' and '_', "
                    + "and begin with a letter")
        }
        guard name != base, !(name.utf8.count >= Digest.fewestDigits && Digest.areDigits(name))
        else {
            throw DatasetError(
                .usage,
                "'\(name)' cannot be a tag: it would be taken for the base or for an id")
        }
    }
}
