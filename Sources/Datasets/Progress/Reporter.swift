public import Documents
public import Fields

/// Who hears how work goes: a terminal, the progress file of a dataset's folder, a log, metrics.
///
/// Events come one at a time, from whatever thread is at work.
public protocol Reporter: AnyObject {
    /// Hears what happened.
    func hear(_ event: RunEvent)
}

/// Something that happens while a command works.
public enum RunEvent {
    /// The folder of a dataset is locked, and work in it begins.
    case claimed(Workplace)
    /// That work has ended; `failure` says how where it was not done.
    case released(failure: DatasetError?)
    /// A step of the plan begins.
    case entered(StepName)
    /// A part of the solve stage is worked on; nil where it is done.
    case part(String?)
    /// Work on a stage begins; `total` samples are to be done, of which `done` were done before.
    case began(Stage, total: Int, done: Int)
    /// `done` of the stage's samples are done.
    case advanced(Stage, done: Int)
    /// A stage is complete; `skipped` where nothing had to be done.
    case ended(Stage, id: Digest, samples: Int, bytes: Int, seconds: Double, skipped: Bool)
    /// An epoch of a training is complete, of `epochs` at most; the document has the members of a
    /// line of metrics.
    case epoch(JSON, of: Int)
    /// The step of the plan that was begun is over, done or not.
    case measured(StepMeasures)
    /// What a run will take, before it begins.
    case foresaw(Forecast)
    /// Something that the user asked to know.
    case noted(String)
    /// Something that the user should know, and that is no error.
    case warned(String)
}

/// Where work is done, and what is to be done there.
public struct Workplace: Sendable {
    /// The dataset's folder.
    package let root: String
    /// The step that is done, beside whom others may do other steps; nil where the folder is
    /// claimed as a whole.
    package let step: String?
    /// The pipeline's file; nil where there is none.
    package var pipeline: String?
    /// The last stage that is to be done; nil where that is no stage of a pipeline.
    package var last: Stage?
    /// The most rounds that are to be done.
    package var rounds = 0

    package init(root: String, step: String? = nil) {
        (self.root, self.step) = (root, step)
    }
}

extension Workplace {
    /// Does `body`, of whose begin and end the reporter hears; `failure` says how it did not end
    /// well.
    package func telling<Result>(
        _ reporter: any Reporter, failure: (any Error) -> DatasetError = DatasetError.init,
        _ body: () throws -> Result
    ) throws -> Result {
        reporter.hear(.claimed(self))
        do {
            let result = try body()
            reporter.hear(.released(failure: nil))
            return result
        } catch {
            reporter.hear(.released(failure: failure(error)))
            throw error
        }
    }
}

/// A step of a plan.
public struct StepName: Hashable, Sendable {
    /// Its name in the plan.
    package let id: String
    /// The stage that it belongs to.
    package let stage: Stage
    /// The round that it belongs to, from 1; 0 for the dataset's own.
    package let round: Int

    package init(id: String, stage: Stage, round: Int) {
        (self.id, self.stage, self.round) = (id, stage, round)
    }
}

extension Reporter {
    /// Work on a stage begins; `total` samples are to be done, of which `done` were done before.
    public func began(_ stage: Stage, total: Int, done: Int) {
        hear(.began(stage, total: total, done: done))
    }

    /// `done` of the stage's samples are done.
    public func advanced(_ stage: Stage, done: Int) { hear(.advanced(stage, done: done)) }

    /// A stage is complete; `skipped` where nothing had to be done.
    public func ended(
        _ stage: Stage, id: Digest, samples: Int, bytes: Int, seconds: Double, skipped: Bool
    ) {
        hear(
            .ended(
                stage, id: id, samples: samples, bytes: bytes, seconds: seconds, skipped: skipped))
    }

    /// An epoch of a training is complete, of `epochs` at most.
    public func ended(epoch: JSON, of epochs: Int) { hear(.epoch(epoch, of: epochs)) }

    /// Something that the user asked to know.
    public func noted(_ message: String) { hear(.noted(message)) }

    /// Something that the user should know, and that is no error.
    public func warned(_ message: String) { hear(.warned(message)) }
}

/// Tells each of several.
public final class Reporters: Reporter {
    private let all: [any Reporter]

    /// Those that hear of everything, in this order.
    public init(_ all: [any Reporter]) { self.all = all }

    /// Tells all.
    public func hear(_ event: RunEvent) { for reporter in all { reporter.hear(event) } }
}
