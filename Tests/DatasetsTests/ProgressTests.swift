import Datasets
import Documents
import Foundation
import Parallel
import Testing

@Suite struct ProgressTests {
    /// A rate counts what this work did alone, and the rest is told by it.
    @Test func paceOfWork() {
        let pace = Pace(total: 100, before: 20, done: 60, seconds: 8)
        #expect(pace.rate == 5 && pace.left == 8)
        #expect(Pace(total: 100, before: 20, seconds: 8).left == nil)
        #expect(Pace(total: 0, before: 0, done: 0, seconds: 0).rate == 0)
        // A document may say anything.
        let wild = Pace(total: 1 << 53, before: 1 << 53, done: 0, seconds: 1e-300)
        #expect(wild.rate == 0 && wild.left == nil)
    }

    private func progress() throws -> RunProgress {
        var place = Workplace(root: "d", step: "solve-00001")
        (place.pipeline, place.last, place.rounds) = ("p.yaml", .resample, 3)
        let began = try #require(Timestamp.date("2026-11-27T16:40:01.250Z"))
        return RunProgress(command: "step", place, process: .current, began: began)
    }

    /// What is written is read again, with every member there or null.
    @Test func progressFilesAreReadAsTheyWereWritten() throws {
        var progress = try progress()
        let bare = progress.json
        #expect(try RunProgress(bare, source: "a").json == bare)
        progress.step = StepName(id: "round-00001-train", stage: .train, round: 1)
        (progress.part, progress.stage) = ("solve-00001", .train)
        progress.pace = Pace(total: 10, before: 2, done: 5, seconds: 1.5)
        (progress.moved, progress.epochs) = (progress.began, (3, 7))
        (progress.beat, progress.every) = (9, 2.5)
        for number in 0..<12 { progress.warn("warning \(number)", at: progress.began) }
        progress.ending = RunProgress.Ending(
            time: progress.began, failure: .noInput, message: "there is none")
        let full = progress.json
        let read = try RunProgress(full, source: "a")
        #expect(read.json == full)
        #expect(read.warnings == 12 && read.messages.first?.text == "warning 2")
        #expect(read.messages.count == RunProgress.keptMessages)
    }

    @Test func longMessagesAreCut() throws {
        var progress = try progress()
        progress.warn(String(repeating: "é", count: 5000), at: Date())
        let kept = try #require(progress.messages.first).text
        #expect(kept.count == RunProgress.keptCharacters + 1 && kept.hasSuffix("…"))
        #expect(try RunProgress(progress.json, source: "a").messages.count == 1)
    }

    /// Nothing but what the schema allows, and times that are some.
    @Test func otherDocumentsAreRefused() throws {
        let good = try #require(try progress().json.object)
        for (key, value) in [
            ("version", JSON.integer(2)), ("beat", .string("1")), ("began", .string("today")),
            ("last", .string("nap")), ("more", .null),
        ] {
            let wrong = JSON.object(good.merging([key: value]) { $1 })
            #expect(throws: (any Error).self, "\(key)") { try RunProgress(wrong, source: "a") }
        }
        for key in good.keys {
            var wrong = good
            wrong[key] = nil
            #expect(throws: (any Error).self, "\(key)") {
                try RunProgress(.object(wrong), source: "a")
            }
        }
    }

    /// This process lives; one that began at another time does not; of others elsewhere nothing is
    /// known.
    @Test func processesAreToldApart() throws {
        let own = WorkerProcess.current
        #expect(own.isAlive == true)
        #expect(WorkerProcess(.object(own.json)) == own)
        func other(_ changes: [String: JSON]) throws -> WorkerProcess {
            try #require(WorkerProcess(.object(own.json.merging(changes) { $1 })))
        }
        if own.json["start"] != .null {
            #expect(try other(["start": .integer(1)]).isAlive == false)
        }
        #expect(try other(["boot": .string("another")]).isAlive == nil)
        #expect(try other(["space": .string("another")]).isAlive == nil)
        #expect(try other(["pid": .integer(1 << 40)]).isAlive == nil)
        #expect(WorkerProcess(.object(["host": .string("a")])) == nil)
    }

    /// A state follows from how work ended, and else from when it was heard of.
    @Test func statesOfWork() throws {
        let own = try progress()
        func elsewhere(_ change: (inout RunProgress) -> Void = { _ in }) throws -> RunProgress {
            var members = try #require(own.json.object)
            var process = own.process.json
            process["boot"] = .string("another")
            members["process"] = .object(process)
            var progress = try RunProgress(.object(members), source: "a")
            change(&progress)
            return progress
        }
        let later = own.began.addingTimeInterval(2 * WorkerStatus.patience)
        #expect(WorkerStatus(own, at: later).state == .working)
        #expect(WorkerStatus(try elsewhere(), at: own.began).state == .working)
        #expect(WorkerStatus(try elsewhere(), at: later).state == .silent)
        // Its clock is behind, but it wrote since.
        let beaten = try elsewhere { $0.beat = 5 }
        #expect(WorkerStatus(beaten, at: later, earlier: 4).state == .working)
        #expect(WorkerStatus(beaten, at: later, earlier: 5).state == .silent)
        for (failure, state) in [
            (nil, WorkerStatus.State.done), (.interrupted, .interrupted),
            (.terminated, .interrupted), (.io, .failed), (.inUse, .failed),
        ] as [(FailureKind?, WorkerStatus.State)] {
            let ended = try elsewhere {
                $0.ending = RunProgress.Ending(time: own.began, failure: failure, message: nil)
            }
            #expect(WorkerStatus(ended, at: later).state == state)
        }
    }

    /// Threads' seconds add up, and what is left of them was waited.
    @Test func phasesAddUp() {
        let clock = PhaseClock()
        let result = clock.timeThreads(4) { own in
            own.add(.solving, 0)
            return own.time(.solving) { 7 }
        }
        #expect(result == 7)
        let all = clock.all
        #expect(all[.solving] ?? -1 >= 0 && all[.waiting] ?? -1 > 0 && all.count <= 2)
        clock.add(.writing, -1)
        #expect(clock.all[.writing] == nil)
    }

    /// A heartbeat has stopped when it is dropped.
    @Test func heartbeatsStop() throws {
        final class Count: @unchecked Sendable {
            private let condition = Condition()
            private var beats = 0

            func beat() {
                condition.locked { beats += 1 }
                condition.broadcast()
            }
            func wait(for number: Int) {
                condition.locked { condition.wait { beats >= number } }
            }
            var number: Int { condition.locked { beats } }
        }
        let (first, second) = (Count(), Count())
        var heartbeat = Heartbeat(every: 1, first.beat)
        try #require(heartbeat != nil)
        first.wait(for: 3)
        heartbeat = nil
        let ended = first.number
        // Another one beats meanwhile.
        heartbeat = Heartbeat(every: 1, second.beat)
        try #require(heartbeat != nil)
        second.wait(for: 5)
        #expect(first.number == ended)
    }
}

@Suite struct LockFileTests {
    /// Who holds a lock file knows when another has taken it away.
    @Test func locksThatWereTakenAwayAreMissed() throws {
        let scratch = try Scratch()
        let path = try scratch.file("lock.held", "{}")
        let descriptor = unsafe open(path, O_RDWR)
        defer { close(descriptor) }
        #expect(LockFile.renew(descriptor, path))
        try scratch.remove("lock.held")
        #expect(!LockFile.renew(descriptor, path))
        try scratch.file("lock.held", "{}")
        #expect(!LockFile.renew(descriptor, path))
    }
}
