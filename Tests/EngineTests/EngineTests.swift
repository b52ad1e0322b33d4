import Documents
import Fields
import Foundation
import Shards
import Testing

import Engine

/// A client of an engine in a thread of this process.
private final class Client {
    private let socket: MessageSocket
    private let descriptor: Int32
    let memory: SharedMemory
    let hello: JSON

    init(bytes: Int) throws {
        var ends: [Int32] = [-1, -1]
        let pair = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        try #require(pair == 0)
        // A file that has no name any more when it is used.
        let path = "\(FileManager.default.temporaryDirectory.path)/\(UUID().uuidString)"
        let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        let size = ftruncate(file, bytes)
        try #require(size == 0)
        _ = unsafe unlink(path)
        descriptor = ends[0]
        socket = MessageSocket(ends[0])
        memory = SharedMemory(file)
        let end = ends[1]
        Thread.detachNewThread {
            var engine = Engine(socket: end, memory: file)
            engine.serve()
            close(end)
        }
        hello = try JSON.parse(try #require(socket.receive()), source: "hello")
    }

    deinit { close(descriptor) }

    func ask(_ text: String) throws -> JSON {
        try #require(socket.send(Array(text.utf8)))
        return try JSON.parse(try #require(socket.receive()), source: "answer")
    }

    /// What kind of error the answer to `text` is; nil where it is none.
    func failure(_ text: String) throws -> String? { try ask(text)["error"]?["kind"]?.string }
}

private let physics = #"{"lattice": [48, 40], "decay_rate": 0.02}"#
private let pipeline = """
    format: 1
    name: small
    physics: {lattice: [48, 40], decay_rate: 0.02}
    sampling: {strata: [1, 3], samples_per_stratum: 40, radius: 2, seed: 5}
    split: {test_every: 5, validation_every: 4}
    """

private func text(_ members: [String: JSON]) -> String { JSON.object(members).canonicalText }

@Suite struct EngineTests {
    private let sites = 48 * 40

    @Test func solvesJudgesAndRepairs() throws {
        let client = try Client(bytes: 1 << 20)
        #expect(client.hello["engine"]?.int == Engine.version)
        let told = try client.ask(
            #"{"do": "define", "name": 7, "what": "problem", "physics": \#(physics), "#
                + #""tolerance": 1e-6, "grid_bits": 20}"#)
        #expect(told["lattice"] == .array([.integer(48), .integer(40)]))
        let sample = #"{"sources": [{"row": 20, "column": 11, "radius": 3, "value": 1}]}"#
        let solved = try client.ask(
            #"{"do": "solve", "with": 7, "samples": [\#(sample), \#(sample)], "digests": true, "#
                + #""into": {"x": 0, "y": 65536}}"#)
        let answers = try #require(solved["samples"]?.array)
        #expect(answers.count == 2 && answers[0] == answers[1])
        #expect(answers[0]["is_certified"] == .bool(true))
        #expect(try #require(answers[0]["error_bound"]?.double) <= 1e-6)
        let y = try client.memory.floats(at: 65536, count: sites)
        #expect(y == (try client.memory.floats(at: 65536 + 4 * sites, count: sites)))
        #expect(y[20 * 40 + 11] == 1 && y.allSatisfy { (0...1).contains($0) })
        #expect(
            answers[0]["sha256"]?.string
                == Digest(of: try client.memory.bytes(at: 65536, count: 4 * sites)).description)
        let x = try client.memory.floats(at: 0, count: sites)
        #expect(x.reduce(0, +) == 29)  // sites within 3 of the centre

        // The exact field is within half a step; one that is off by 0.1 is found out and repaired.
        var prediction = y
        let judge = #"{"do": "judge", "with": 7, "sample": \#(sample), "field": 0, "cycles": 2}"#
        try client.memory.put(prediction, at: 0)
        #expect(try #require(client.ask(judge)["error_bound"]?.double) <= 1e-6)
        prediction[5 * 40 + 5] += 0.1
        try client.memory.put(prediction, at: 0)
        let bound = try #require(client.ask(judge)["error_bound"]?.double)
        #expect(bound >= 0.0999 && bound < 0.11)
        let repaired = try client.ask(
            #"{"do": "repair", "with": 7, "sample": \#(sample), "field": 0, "tolerance": 1e-4}"#)
        #expect(repaired["outcome"]?.string == "repaired")
        let field = try client.memory.floats(at: 0, count: sites)
        #expect(zip(field, y).allSatisfy { abs($0 - $1) < 1.1e-4 })
    }

    /// A stream names the samples that the command line names, and goes on beyond the dataset.
    @Test func streams() throws {
        let client = try Client(bytes: 1 << 20)
        let told = try client.ask(
            text([
                "do": .string("define"), "name": .integer(1), "what": .string("pipeline"),
                "text": .string(pipeline), "path": .string("small.yaml"),
            ]))
        #expect(told["strata"] == .array([.integer(1), .integer(3)]))
        let found = try client.ask(
            #"{"do": "stream", "with": 1, "part": "train", "ranks": [0, 1, 5001], "#
                + #""into": {"y": 0}}"#)
        let samples = try #require(found["samples"]?.array)
        #expect(samples.map { $0["n_sources"]?.int } == [1, 3, 3])
        let drawn = try client.ask(
            #"{"do": "draw", "with": 1, "part": "train", "ranks": [5001, 0]}"#)
        #expect(drawn["samples"]?.array?.map { $0["id"] } == [samples[2]["id"], samples[0]["id"]])
        // 24 of 40 train, 8 are test, 8 validation; there are no others of these.
        let test = try client.ask(
            #"{"do": "draw", "with": 1, "part": "test", "ranks": [0, 15, 16]}"#)
        #expect(test["samples"]?.array?.map { $0 == .null } == [false, false, true])
    }

    @Test func refusals() throws {
        let client = try Client(bytes: 4096)
        let problem =
            #""do": "define", "name": 1, "what": "problem", "tolerance": 1e-6, "grid_bits": 20"#
        for (request, kind) in [
            ("[]", "usage"), ("{}", "usage"), ("no JSON", "data"),
            (#"{"do": "solve"}"#, "usage"), (#"{"do": "solve", "with": 1}"#, "usage"),
            (#"{"do": "define", "name": 1}"#, "usage"),
            (#"{"do": "define", "name": 1, "what": "archive"}"#, "usage"),
            (
                #"{"do": "define", "name": 1, "what": "pipeline", "text": "a: [", "path": "p"}"#,
                "data"
            ),
            (
                #"{"do": "define", "name": 1, "what": "pipeline", "path": "p", "text": "#
                    + JSON.string(
                        pipeline.replacing(
                            "physics: {", with: "solver: {tolerance: 1e-9}\nphysics: {")
                    ).canonicalText + "}", "data"
            ),
            ("{\(problem), \"physics\": {\"lattice\": [2, 2]}}", "data"),
            ("{\(problem), \"physics\": {\"lattice\": [48, 40], \"decay\": 1}}", "data"),
        ] { #expect(try client.failure(request) == kind, "\(request)") }
        #expect(try client.failure("{\(problem), \"physics\": \(physics)}") == nil)
        func solve(_ sample: String, _ into: String = "{}") -> String {
            #"{"do": "solve", "with": 1, "samples": [\#(sample)], "into": \#(into)}"#
        }
        let sample = #"{"sources": [{"row": 20, "column": 11, "radius": 3, "value": 1}]}"#
        for (request, kind) in [
            (solve("{}"), "usage"), (solve(#"{"sources": []}"#), "data"),
            (solve(#"{"rows": [[1, 2, 3]]}"#), "data"),
            (solve(#"{"rows": [[20, 11, 3, 1]], "keys": [1]}"#), "data"),
            (solve(#"{"rows": [[20, 11, 3, 1]], "keys": [-1]}"#), "data"),
            (solve(#"{"rows": [[20, 11, 3, 1]], "id": "0000000000000000"}"#), "data"),
            (solve(#"{"rows": [[20, 11, 3, 1]], "error_bound": 0.5}"#), "data"),
            (solve(sample, #"{"y": 1}"#), "usage"), (solve(sample, #"{"y": 4096}"#), "usage"),
            (solve(sample, #"{"y": -64}"#), "usage"),
            (solve(sample, #"{"y": 9007199254740992}"#), "usage"),
            (solve(sample, #"{"z": 0}"#), "usage"),
        ] { #expect(try client.failure(request) == kind, "\(request)") }
        // What went wrong is told with the sample's place, and the engine goes on.
        let answer = try client.ask(
            #"{"do": "solve", "with": 1, "samples": [\#(sample), {"sources": []}]}"#)
        #expect(answer["error"]?["sample"]?.int == 1)
        #expect(try client.failure(solve(sample)) == nil)
        #expect(try client.failure(#"{"do": "forget", "name": 1}"#) == nil)
        #expect(try client.failure(solve(sample)) == "usage")
    }
}
