import Datasets
import Documents
import Exports
import Pipeline
import Sampling
import Testing

@Suite struct SubsetFoldersTests {
    /// Every selection with a folder has exactly its samples in the shards below that folder; each
    /// sample is in one shard.
    @Test(arguments: 0..<40) func foldersHoldTheirSelections(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        // Subsets from the start, and windows anywhere; some ranks are missing.
        let ranks = (0..<300).filter { _ in draw(10) > 0 }
        var ranges = [0..<300, 0..<150, 0..<75]
        for _ in 0..<4 {
            let first = draw(250)
            ranges.append(first..<first + 1 + draw(300 - first))
        }
        let selections = ranges.enumerated().map { number, range in
            Selection(
                name: "train/R\(number)", part: .train, ranks: range,
                samples: ranks.filter { range.contains($0) }.count)
        }
        let size = 1 + draw(40)
        let folders = SubsetFolders(part: .train, selections: selections, ranks: ranks)
        let batches = folders.batches(ranks, size: size)
        #expect(batches.flatMap { Array($0.range) } == Array(ranks.indices), "seed \(seed)")
        #expect(batches.allSatisfy { $0.range.count <= size }, "seed \(seed)")
        var named: Set<String> = []
        for folder in folders.folders {
            let inside = batches.filter {
                $0.folder == folder.path || $0.folder.hasPrefix(folder.path + "/")
            }.flatMap { $0.range.map { ranks[$0] } }
            for name in folder.names {
                named.insert(name)
                let selection = try #require(selections.first { $0.name == name })
                #expect(inside == ranks.filter { selection.contains($0) }, "seed \(seed), \(name)")
            }
        }
        // The nested subsets come with the part; what has no folder overlaps one that has.
        #expect(named.contains("train/R0"))
        for selection in selections where !named.contains(selection.name) && selection.samples > 0 {
            #expect(
                folders.folders.contains {
                    let shared = $0.ranks.clamped(to: selection.span)
                    return !shared.isEmpty && shared != $0.ranks && shared != selection.span
                }, "seed \(seed), \(selection.name)")
        }
    }

    /// Names that would make one folder, or a file of the export's own, make folders of their own.
    @Test func foldersDoNotCollide() throws {
        let names = ["S50%", "s50", "S50", "index.json", "shard.00000.mds.zstd"]
        let selections = names.enumerated().map { number, name in
            Selection(
                name: "train/\(name)", part: .train, ranks: 10 * number..<10 * number + 5,
                samples: 5)
        }
        let folders = SubsetFolders(part: .train, selections: selections, ranks: Array(0..<60))
            .folders
        #expect(
            folders.map(\.path) == [
                "train", "train/S50", "train/2-s50", "train/3-S50", "train/2-index.json",
                "train/2-shard.00000.mds.zstd",
            ])
    }

    /// Of a part of the samples, only selections that are there as a whole have a folder.
    @Test func partialSelectionsHaveNone() {
        let selections = [
            Selection(name: "train/S50%", part: .train, ranks: 0..<50, samples: 50),
            Selection(name: "train/S100%", part: .train, ranks: 0..<100, samples: 100),
            Selection(name: "test/S100%", part: .test, ranks: 0..<60, samples: 60),
            Selection(name: "train/n01", part: .train, ranks: 0..<100, stratum: 1, samples: 60),
        ]
        let folders = SubsetFolders(part: .train, selections: selections, ranks: Array(0..<60))
            .folders
        #expect(folders.map(\.path) == ["train", "train/S50"])
        #expect(folders.map(\.names) == [[], ["train/S50%"]])
    }
}
