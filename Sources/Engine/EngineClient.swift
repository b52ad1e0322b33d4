internal import Documents
internal import Shards

/// Who asks: where it is heard, and the memory that it shares.
struct EngineClient {
    let socket: MessageSocket
    let memory: SharedMemory

    /// Calls `body` with each element of the request's array, in order, and returns what it
    /// returned. Errors tell the element's place.
    ///
    /// - Throws: `EngineError` of kind `.internal` where the client is gone meanwhile.
    func map<Result>(_ elements: [JSON], _ body: (Int, JSON) throws -> Result) throws -> [Result] {
        try elements.enumerated().map { number, element in
            guard !socket.isClosed else { throw EngineError(.internal, "the client is gone") }
            do { return try body(number, element) } catch {
                var error = EngineError(error)
                error.sample = number
                throw error
            }
        }
    }
}
