package import Sampling
internal import Shards

/// The folders of a part whose subsets contain one another: each below the next larger one.
///
/// Subsets and windows are ranges of ranks. Those that contain one another or are apart form a
/// tree; one that overlaps another without being in it has no folder, nor has one of several ranges
/// unless it is the whole part.
package struct SubsetFolders {
    /// A folder with an index of its own.
    package struct Folder {
        /// Relative to the export: `train`, `train/S50`, `train/S50/S25`.
        package let path: String
        /// The selections that are exactly the samples in it.
        package fileprivate(set) var names: [String]
        package let ranks: Range<Int>
    }

    /// Consecutive samples of one folder that make a shard.
    package struct Batch {
        package let range: Range<Int>
        package let folder: String
    }

    /// The folders, each after the one that it is in.
    package private(set) var folders: [Folder]

    /// Finds the folders for the samples of `part` with these ranks, ascending.
    ///
    /// A selection has one where all its samples are among them.
    package init(part: Split.Part, selections: [Selection], ranks: [Int]) {
        folders = [Folder(path: part.rawValue, names: [], ranks: 0..<Int.max)]
        func count(_ range: Range<Int>) -> Int {
            SubsetFolders.position(of: range.upperBound, in: ranks)
                - SubsetFolders.position(of: range.lowerBound, in: ranks)
        }
        let wanted = selections.filter {
            $0.part == part && $0.stratum == nil && $0.samples > 0
                && $0.samples == $0.ranges.reduce(0) { $0 + count($1) }
        }
        let ordered = wanted.sorted {
            ($0.span.lowerBound, $1.span.upperBound) < ($1.span.lowerBound, $0.span.upperBound)
        }
        for selection in ordered {
            let span = selection.span
            if selection.samples == ranks.count {
                folders[0].names.append(selection.name)
            } else if selection.ranges.count > 1 {
                continue
            } else if let same = folders.firstIndex(where: { $0.ranks == span }) {
                folders[same].names.append(selection.name)
            } else if let parent = folders.last(where: {
                $0.ranks.clamped(to: span) == span && $0.ranks != span
            }), !folders.contains(where: { SubsetFolders.cross($0.ranks, span) }) {
                folders.append(
                    Folder(
                        path: path(of: selection, in: parent), names: [selection.name], ranks: span)
                )
            }
        }
    }

    /// The folder of `selection` in that of the next larger one: its name without `%`, numbered
    /// where a folder or an export's own file has that name already. Some systems do not tell
    /// letters apart by their case.
    private func path(of selection: Selection, in parent: Folder) -> String {
        let name =
            selection.name.utf8.split(separator: UInt8(ascii: "/")).last.map {
                String(Substring($0))
            } ?? ""
        let plain = "\(parent.path)/\(name.replacing("%", with: ""))"
        let taken = Set(folders.map { $0.path.lowercased() })
        func isFree(_ path: String) -> Bool {
            let last = path.dropFirst(parent.path.count + 1).lowercased()
            return !last.isEmpty && last != "index.json" && !last.hasPrefix("shard.")
                && !taken.contains(path.lowercased())
        }
        if isFree(plain) { return plain }
        var number = 2
        func numbered() -> String { "\(parent.path)/\(number)-\(name.replacing("%", with: ""))" }
        while !isFree(numbered()) { number += 1 }
        return numbered()
    }

    /// Cuts samples with these ranks into shards of at most `size`; none lies in two folders of
    /// which neither contains the other.
    package func batches(_ ranks: [Int], size: Int) -> [Batch] {
        var batches: [Batch] = []
        var start = 0
        while start < ranks.count {
            let folder = deepest(ranks[start])
            var end = start + 1
            while end < ranks.count, end - start < size, deepest(ranks[end]) == folder { end += 1 }
            batches.append(Batch(range: start..<end, folder: folders[folder].path))
            start = end
        }
        return batches
    }

    private func deepest(_ rank: Int) -> Int {
        var found = 0
        for (number, folder) in folders.enumerated()
        where folder.ranks.contains(rank) && folder.ranks.count < folders[found].ranks.count {
            found = number
        }
        return found
    }

    /// Whether two ranges overlap and neither contains the other.
    private static func cross(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        let shared = a.clamped(to: b)
        return !shared.isEmpty && shared != a && shared != b
    }

    /// The number of ascending `ranks` below `rank`, by bisection.
    private static func position(of rank: Int, in ranks: [Int]) -> Int {
        var (low, high) = (0, ranks.count)
        while low < high {
            let middle = (low + high) / 2
            if ranks[middle] < rank { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
