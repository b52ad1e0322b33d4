package import Documents
package import Foundation

/// Where a command that works in a dataset's folder stands: what its progress file tells to
/// whoever asks.
package struct RunProgress {
    /// The most messages that are kept, the last ones.
    package static let keptMessages = 10
    /// Characters that are kept of a message.
    package static let keptCharacters = 1000

    /// Something that was said.
    package struct Message: Hashable {
        package let time: Date
        package let text: String
    }

    /// How the work ended.
    package struct Ending: Hashable {
        package let time: Date
        /// What kind of failure it ended with; nil where everything was done.
        package let failure: FailureKind?
        /// What was said of the failure.
        package let message: String?

        package init(time: Date, failure: FailureKind?, message: String?) {
            (self.time, self.failure, self.message) = (time, failure, message)
        }
    }

    /// The subcommand.
    package let command: String
    /// Who works.
    package let process: WorkerProcess
    /// The step that is done beside others'; nil where the whole folder is claimed.
    package let claim: String?
    /// The pipeline's file.
    package let pipeline: String?
    /// The last stage that is to be done.
    package let last: Stage?
    /// The most rounds that are to be done.
    package let rounds: Int
    package let began: Date
    /// When this was written.
    package var updated: Date
    /// How often it was written: who sees it rise knows that the process lives, whatever clocks
    /// say.
    package var beat = 0
    /// Seconds after which it is written again at the latest.
    package var every = 1.0
    /// The step of the plan that is done.
    package var step: StepName?
    /// The part of the solve stage.
    package var part: String?
    /// The stage that is worked on, and how fast.
    package var stage: Stage?
    package var pace: Pace?
    /// When a sample was done for the last time.
    package var moved: Date?
    /// Epochs of a training that are done, and those that there are at most.
    package var epochs: (done: Int, total: Int)?
    /// Warnings so far.
    package var warnings = 0
    /// The last of them.
    package var messages: [Message] = []
    /// Nil while it works.
    package var ending: Ending?

    package init(command: String, _ place: Workplace, process: WorkerProcess, began: Date) {
        (self.command, self.process, claim) = (command, process, place.step)
        (pipeline, last, rounds) = (place.pipeline, place.last, place.rounds)
        (self.began, updated) = (began, began)
    }

    /// Keeps a warning.
    package mutating func warn(_ text: String, at time: Date) {
        warnings += 1
        messages.append(Message(time: time, text: RunProgress.shortened(text)))
        if messages.count > RunProgress.keptMessages { messages.removeFirst() }
    }

    /// The beginning of a message.
    static func shortened(_ text: String) -> String {
        text.unicodeScalars.count > keptCharacters
            ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(keptCharacters))) + "…"
            : text
    }
}

extension RunProgress {
    /// What the file has; `schemas/progress` describes it.
    package var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Date) -> JSON { .string(Timestamp.text(value)) }
        var members: [String: JSON] = [
            "format": .string("steadyset-progress"), "version": .integer(1),
            "command": .string(command), "process": .object(process.json), "claim": text(claim),
            "pipeline": text(pipeline), "last": text(last?.rawValue), "rounds": .integer(rounds),
            "began": time(began), "updated": time(updated), "beat": .integer(beat),
            "every": .number(every), "part": text(part), "warnings": .integer(warnings),
            "messages": .array(
                messages.map { .object(["time": time($0.time), "text": .string($0.text)]) }),
        ]
        members["step"] =
            step.map {
                .object([
                    "id": .string($0.id), "stage": .string($0.stage.rawValue),
                    "round": .integer($0.round),
                ])
            } ?? .null
        members["work"] = work
        members["ended"] =
            ending.map {
                .object([
                    "time": time($0.time), "failure": text($0.failure?.rawValue),
                    "message": text($0.message),
                ])
            } ?? .null
        return .object(members)
    }

    /// The stage that is worked on.
    private var work: JSON {
        guard let stage, let pace else { return .null }
        return .object([
            "stage": .string(stage.rawValue), "total": .integer(pace.total),
            "before": .integer(pace.before), "done": .integer(pace.done),
            "seconds": .number(pace.seconds),
            "moved": moved.map { .string(Timestamp.text($0)) } ?? .null,
            "epochs": epochs.map { .array([.integer($0.done), .integer($0.total)]) } ?? .null,
        ])
    }

    /// Reads what a file has.
    ///
    /// - Throws: an error where it is none of these.
    package init(_ json: JSON, source: String) throws {
        try Schema.named("progress").check(json, source: source)
        let members = try JSONMembers<DatasetError>(
            json, of: source, required: Array((json.object ?? [:]).keys))
        func time(_ json: JSON?) throws -> Date {
            guard let date = json?.string.flatMap(Timestamp.date) else {
                throw DatasetError(.data, "\(source): a time is none", path: source)
            }
            return date
        }
        guard let process = WorkerProcess(try members.json("process")) else {
            throw DatasetError(.data, "\(source): 'process' names none", path: source)
        }
        (command, self.process) = (try members.string("command"), process)
        claim = try members.json("claim").string
        pipeline = try members.json("pipeline").string
        last = try members.json("last").string.flatMap(Stage.init(rawValue:))
        rounds = try members.int("rounds")
        (began, updated) = (try time(json["began"]), try time(json["updated"]))
        (beat, every) = (try members.int("beat"), try members.double("every"))
        part = try members.json("part").string
        warnings = try members.int("warnings")
        messages = try members.array("messages").map {
            Message(time: try time($0["time"]), text: $0["text"]?.string ?? "")
        }
        let named = try members.json("step")
        if let id = named["id"]?.string, let round = named["round"]?.int,
            let stage = named["stage"]?.string.flatMap(Stage.init(rawValue:))
        {
            step = StepName(id: id, stage: stage, round: round)
        }
        let work = try members.json("work")
        if let total = work["total"]?.int, let before = work["before"]?.int {
            stage = work["stage"]?.string.flatMap(Stage.init(rawValue:))
            pace = Pace(
                total: total, before: before, done: work["done"]?.int,
                seconds: work["seconds"]?.double ?? 0)
            if work["moved"]?.string != nil { moved = try time(work["moved"]) }
            if let pair = work["epochs"]?.array?.compactMap(\.int), pair.count == 2 {
                epochs = (pair[0], pair[1])
            }
        }
        let ended = try members.json("ended")
        if ended.object != nil {
            ending = Ending(
                time: try time(ended["time"]),
                failure: ended["failure"]?.string.flatMap(FailureKind.init(rawValue:)),
                message: ended["message"]?.string)
        }
    }
}
