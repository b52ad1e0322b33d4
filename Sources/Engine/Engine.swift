internal import Datasets
internal import Documents
internal import Shards

/// Computes for another process, such as a Python interpreter, one request after another: draws
/// samples, solves, decodes, judges and repairs fields, which lie in memory that both share.
///
/// It is a process of its own, so that nothing that happens here can end the other: where a request
/// is damaged in a way that nobody thought of, the client sees the end of the socket. It has one
/// thread; a client that wants more work done at a time starts more engines. What it answers is a
/// function of the request and of what was defined, so that a request can be repeated elsewhere.
///
/// Messages are JSON objects (`MessageSocket`). The first one is the engine's own. The article
/// *Engine* says what there is to ask.
public struct Engine {
    /// The protocol's number; clients refuse another.
    package static let version = 2

    private let client: EngineClient
    private var subjects: [Int: any EngineSubject] = [:]

    /// Prepares to answer what comes over the socket `socket`, with the file `memory` for fields.
    public init(socket: Int32, memory: Int32) {
        client = EngineClient(
            socket: MessageSocket(socket, maximumBytes: 64 << 20), memory: SharedMemory(memory))
    }

    /// Answers until the client is gone.
    public mutating func serve() {
        let hello = JSON.object([
            "engine": .integer(Engine.version), "version": .string(Release.version),
        ])
        guard client.socket.send(hello.canonicalBytes) else { return }
        while let message = client.socket.receive() {
            let answer: JSON
            do { answer = try self.answer(message) } catch { answer = EngineError(error).json }
            guard client.socket.send(answer.canonicalBytes) else { return }
        }
    }

    private mutating func answer(_ message: [UInt8]) throws -> JSON {
        let request = try JSON.parse(message, source: "a request")
        guard let members = request.object, let task = members["do"]?.string else {
            throw EngineError(.usage, "a request is an object that says what to 'do'")
        }
        switch task {
        case "define":
            let name = try Engine.name(members["name"], of: "name")
            let (subject, answer) = try subject(request)
            subjects[name] = subject
            return answer
        case "forget":
            subjects[try Engine.name(members["name"], of: "name")] = nil
            return .object([:])
        default:
            let name = try Engine.name(members["with"], of: "with")
            guard let subject = subjects[name] else {
                throw EngineError(.usage, "\(name) was not defined")
            }
            return try subject.answer(task, request, client)
        }
    }

    private static func name(_ json: JSON?, of key: String) throws -> Int {
        guard let name = json?.int else {
            throw EngineError(.usage, "'\(key)' of a request is not an integer")
        }
        return name
    }

    /// What a request defines, and what the client is told of it.
    private func subject(_ request: JSON) throws -> (any EngineSubject, JSON) {
        let what = request["what"]?.string
        switch what {
        case "archive":
            let subject = try ArchiveSubject(request)
            return (subject, subject.description)
        case "problem":
            let subject = try ProblemSubject(request)
            return (subject, subject.description)
        case "pipeline":
            let subject = try PipelineSubject(request)
            return (subject, subject.description)
        default:
            throw EngineError(
                .usage, "'what' is not 'archive', 'problem' or 'pipeline', but '\(what ?? "")'")
        }
    }
}

/// What requests are about: it was defined once, and is asked many times.
protocol EngineSubject {
    /// Does `task` for `client` and returns what it is told.
    ///
    /// - Throws: any error; `EngineError` where the request is at fault.
    func answer(_ task: String, _ request: JSON, _ client: EngineClient) throws -> JSON
}

extension EngineSubject {
    /// The error that there is no such task.
    func unknown(_ task: String) -> EngineError {
        EngineError(.usage, "'\(task)' is not done with this")
    }
}
