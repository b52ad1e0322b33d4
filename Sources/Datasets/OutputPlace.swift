internal import Foundation
internal import Sampling
internal import Shards

/// Where a command is to write: names that mean something else are refused before any work, and so
/// is what would write over something.
package enum OutputPlace {
    /// Refuses the name of a new dataset that would be taken for a version of another
    /// (`DATASET@VERSION`), or for a URL.
    package static func check(dataset path: String) throws {
        try check(file: path)
        let trimmed = path.reversed().drop { $0 == "/" }.reversed()
        let name = String(String(trimmed).split(separator: "/").last ?? "")
        guard let sign = name.lastIndex(of: "@"), sign != name.startIndex else { return }
        let known = Set(Stage.allCases.map(\.rawValue) + [Dataset.privateName])
        guard try !PathEntry.names(in: String(trimmed)).contains(where: known.contains) else {
            return
        }
        let before = String(String(trimmed).dropLast(name.distance(from: sign, to: name.endIndex)))
        throw DatasetError(
            .usage,
            "--output \(path) is named like the version '\(name[name.index(after: sign)...])' of "
                + "the dataset \(before), which a folder of that name would hide: choose a name "
                + "without '@'")
    }

    /// Refuses a URL: it would become a local folder.
    package static func check(file path: String) throws {
        guard let colon = path.range(of: "://"), !path[..<colon.lowerBound].isEmpty,
            path[..<colon.lowerBound].utf8.allSatisfy({ byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [43, 45, 46].contains(byte)
            })
        else { return }
        throw DatasetError(
            .usage,
            "--output \(path) is a URL, and results are written to this machine's file system: "
                + "name a local path, and copy the result to its place then")
    }

    /// Refuses to write over what is at `path`, be it a link to nothing, unless the user has said
    /// so.
    package static func check(free path: String, replace: Bool, what: String) throws {
        switch try PathEntry(at: path) {
        case .nothing: return
        case .file where replace: return
        case .file:
            throw DatasetError(
                .cannotCreate,
                "\(path) exists: \(what) replace nothing unless told to; choose another place, or "
                    + "pass --replace")
        case .folder, .link, .other:
            throw DatasetError(
                .cannotCreate,
                "\(path) exists and is no plain file: \(what) do not replace it; choose another "
                    + "place")
        }
    }
}

extension Dataset {
    /// Refuses to write into a dataset behind symbolic links: a link of a stranger's must not lead
    /// writing elsewhere, and a link to where a cache keeps a file must not be replaced by one of
    /// ours.
    package func refuseLinks() throws {
        func refuse(_ path: String) -> DatasetError {
            DatasetError(
                .cannotCreate,
                "\(path) is a symbolic link: a dataset behind links, as download caches, "
                    + "git-annex and DVC make them, can be read but not written to. Copy it as "
                    + "files first (cp -rL), or choose another folder for --output")
        }
        let stages = Stage.allCases.map(\.rawValue)
        var folders =
            (stages + [Dataset.privateName, Dataset.roundsName, Dataset.progressName]).map {
                path($0)
            } + [stepsFolder]
        for round in try PathEntry.names(in: path(Dataset.roundsName)) {
            let folder = path("\(Dataset.roundsName)/\(round)")
            folders.append(folder)
            guard try PathEntry(at: folder) == .folder else { continue }
            folders += try PathEntry.names(in: folder).map { "\(folder)/\($0)" }
        }
        for folder in folders where try PathEntry(at: folder) == .link { throw refuse(folder) }
        for stage in Stage.allCases {
            let folder = folder(stage)
            let links = try PathEntry.links(in: folder)
            // A link in the place of a result to be is replaced, not followed; one that belongs to
            // a result is not touched.
            let path = "\(folder)/\(Manifest.fileName)"
            guard let first = links.first, try PathEntry(at: path) != .nothing else { continue }
            // Where the manifest cannot be read, any link may be of its result.
            guard let manifest = try? Manifest.read(folder: folder) else {
                throw refuse("\(folder)/\(first)")
            }
            let own = Set(manifest.files.map(\.path) + [Manifest.fileName])
            if let name = links.first(where: {
                own.contains($0) || $0.hasPrefix("version-") || $0.hasPrefix("added-")
            }) {
                throw refuse("\(folder)/\(name)")
            }
        }
    }
}
