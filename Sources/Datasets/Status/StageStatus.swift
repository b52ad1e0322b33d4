internal import Documents
internal import Foundation
internal import Shards

/// How far a stage of a dataset is, by what is on the disk.
package struct StageStatus {
    /// How far.
    package enum State: String, CaseIterable, Sendable {
        case done
        /// Some of its parts are done.
        case partly
        case missing
    }

    package let stage: Stage
    package let state: State
    /// Samples that are done; nil where that is not told.
    package let samples: Int?
    /// Of the stage solve while it is not done: parts that are done, and all.
    package var parts: (done: Int, total: Int)?

    /// Looks at a stage in the folder of a dataset, or of a round.
    init(_ stage: Stage, in dataset: Dataset) {
        self.stage = stage
        let path = "\(dataset.folder(stage))/\(Manifest.fileName)"
        if InputFile.isFolder(path) == false {
            let record = StepRecord(step: stage.rawValue, in: dataset)
            (state, samples) = (.done, record?.files.first?.samples)
            return
        }
        guard stage == .solve, let manifest = try? dataset.manifest(SampleManifest.self),
            let listing = try? SampleListing(manifest)
        else {
            (state, samples) = (.missing, nil)
            return
        }
        // Two lists of names, not a look at each of perhaps a hundred thousand files.
        let records = Set((try? PathEntry.names(in: dataset.stepsFolder)) ?? [])
        let files = Set((try? PathEntry.names(in: dataset.folder(stage))) ?? [])
        let done = listing.parts.filter {
            records.contains("\($0.step).json") && files.contains($0.labels)
        }
        state = done.isEmpty ? .missing : .partly
        samples = done.reduce(0) { $0 + $1.count }
        parts = (done.count, listing.parts.count)
    }

    /// An element of `stages`.
    var json: JSON {
        .object([
            "stage": .string(stage.rawValue), "state": .string(state.rawValue),
            "samples": samples.map(JSON.integer) ?? .null,
            "parts": parts.map { .array([.integer($0.done), .integer($0.total)]) } ?? .null,
        ])
    }
}

/// How far a round is, by the records of its steps.
package struct RoundStatus {
    package let number: Int
    /// Its stages that are done, in their order; that of shards is its version.
    package let done: [Stage]
    /// Whether it was decided that it does not take place, so that the rounds end before it.
    package let isEnd: Bool

    init(_ number: Int, of dataset: Dataset) {
        self.number = number
        let round = dataset.round(number)
        func record(_ stage: Stage) -> StepRecord? {
            stage == .pack
                ? StepRecord(step: Dataset.roundStep(number, .pack), in: dataset)
                : StepRecord(step: stage.rawValue, in: round)
        }
        let resample = record(.resample)
        isEnd = resample?.files.isEmpty ?? false
        done =
            isEnd
            ? []
            : [.resample, .solve, .pack, .train, .evaluate].filter { record($0) != nil }
    }

    /// An element of `rounds`.
    var json: JSON {
        .object([
            "round": .integer(number), "done": .array(done.map { .string($0.rawValue) }),
            "takes_place": .bool(!isEnd),
        ])
    }
}
