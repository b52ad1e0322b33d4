public import Documents
internal import Foundation
internal import Shards

/// What is done in a dataset's folder, what is missing, and who works there: read without a lock,
/// and without a trace.
public struct FolderStatus {
    /// The dataset's folder.
    package let root: String
    /// Who works there, or did last, in the order of their names.
    package let workers: [WorkerStatus]
    /// The stages of the dataset up to the last that is asked for, as far as that is known.
    package let stages: [StageStatus]
    package let rounds: [RoundStatus]
    /// Progress files that cannot be read, and why.
    package let unreadable: [String]

    /// The most progress files that are looked at.
    private static let mostFiles = 10_000
    /// The largest that is one.
    private static let largestFile = 1 << 16
    /// The most rounds that are looked at, those of a pipeline.
    private static let mostRounds = 1000

    /// Looks at the folder at `path`.
    ///
    /// - Parameter earlier: What was found before: processes that wrote since are known to live.
    /// - Throws: `DatasetError` of kind `.noInput` where there is no dataset, or it cannot be read.
    public init(_ path: String, earlier: FolderStatus? = nil) throws {
        let dataset = Dataset(root: path)
        root = dataset.root
        guard InputFile.isFolder(root) == true else {
            throw DatasetError(.noInput, "\(root): there is no such folder", path: root)
        }
        let advice = "so nobody knows what happens there: make it readable"
        let names = try PathEntry.names(in: root, orThrow: .noInput, advice)
        let known = Stage.allCases.map(\.rawValue) + [Dataset.privateName]
        guard names.contains(where: known.contains) else {
            throw DatasetError(
                .noInput,
                "\(root) is no dataset, nor was one begun there: none of "
                    + "\(Stage.ofData.map(\.rawValue).joined(separator: ", ")) is in it",
                path: root)
        }
        let folder = "\(root)/\(Dataset.progressName)"
        let files = try PathEntry.names(in: folder, orThrow: .noInput, advice).filter {
            $0.hasSuffix(".json") && !$0.hasPrefix(".")
        }
        var (workers, unreadable) = ([WorkerStatus](), [String]())
        let now = Date()
        for name in files.prefix(FolderStatus.mostFiles) {
            let path = "\(folder)/\(name)"
            do {
                let json = try JSON.parse(
                    file: path, maximumBytes: FolderStatus.largestFile, followingLinks: false)
                let progress = try RunProgress(json, source: path)
                let before = earlier?.workers.first {
                    $0.progress.process == progress.process && $0.progress.claim == progress.claim
                }
                workers.append(
                    WorkerStatus(progress, at: now, earlier: before?.progress.beat))
            } catch let error as ShardsError where error.code == .notFound {
                // Its step was done since.
            } catch { unreadable.append(DatasetError(error).message) }
        }
        (self.workers, self.unreadable) = (workers, unreadable)
        let asked = workers.compactMap(\.progress.last)
        // A model or an evaluation in a folder of its own rests on stages elsewhere.
        let hasData =
            names.contains(where: Stage.ofData.map(\.rawValue).contains)
            || !names.contains(where: Stage.allCases.map(\.rawValue).contains)
        stages = FolderStatus.stages(of: dataset, asked: asked).filter {
            hasData || $0.state != .missing || asked.contains($0.stage)
        }
        rounds = FolderStatus.rounds(of: dataset, asked: workers.map(\.progress.rounds).max() ?? 0)
    }

    /// The stages of data, and those of a model where it is asked for or there.
    private static func stages(of dataset: Dataset, asked: [Stage]) -> [StageStatus] {
        let all = Stage.allCases.filter { $0 != .resample }
        let last = max(
            asked.compactMap(all.firstIndex).max() ?? 0,
            asked.contains(.resample) ? all.count - 1 : 0)
        return all.enumerated().compactMap { number, stage in
            let status = StageStatus(stage, in: dataset)
            let isWanted = number <= last || (asked.isEmpty && Stage.ofData.contains(stage))
            // A trainer of the user's own works in the rounds, which have no model here.
            let isOfModel = !Stage.ofData.contains(stage) && asked.contains(.resample)
            return status.state != .missing || (isWanted && !isOfModel) ? status : nil
        }
    }

    private static func rounds(of dataset: Dataset, asked: Int) -> [RoundStatus] {
        let names = (try? PathEntry.names(in: dataset.path(Dataset.roundsName))) ?? []
        // A trainer's first call works in the folder of round 0.
        let begun = names.compactMap(Int.init).filter { $0 > 0 }.max() ?? 0
        let last = min(max(asked, begun), mostRounds)
        var found: [RoundStatus] = []
        for number in 1..<last + 1 {
            let round = RoundStatus(number, of: dataset)
            found.append(round)
            if round.isEnd { break }
        }
        return found
    }

    /// What is said of all in one word: `working` where anybody works; else the worst of how work
    /// ended; `idle` where nothing is known of any.
    public var state: String {
        let order: [WorkerStatus.State] = [
            .working, .vanished, .failed, .silent, .interrupted, .done,
        ]
        return order.first { state in workers.contains { $0.state == state } }?.rawValue ?? "idle"
    }

    /// Whether anybody works.
    public var isWorking: Bool { state == WorkerStatus.State.working.rawValue }

    /// Whether the last work ended as it should not have.
    public var isWrong: Bool {
        !isWorking
            && workers.contains { [.vanished, .failed, .silent, .interrupted].contains($0.state) }
    }

    /// The document that `schemas/status` describes.
    public var json: JSON {
        .object([
            "format": .string("steadyset-status"), "version": .integer(1),
            "dataset": .string(root), "state": .string(state),
            "workers": .array(workers.map(\.json)), "stages": .array(stages.map(\.json)),
            "rounds": .array(rounds.map(\.json)),
            "unreadable": .array(unreadable.map(JSON.string)),
        ])
    }
}
