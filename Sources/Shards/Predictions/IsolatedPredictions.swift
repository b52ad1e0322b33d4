internal import Documents
public import Fields
internal import Synchronization

/// Predicted fields of anybody, read as `PredictionsReader` does, but in a process of its own where
/// the program says how to start one (`serve(path:)`): the HDF5 library reads beyond its memory
/// where a file's records are damaged or forged, and here it must read whatever other programs
/// write.
public final class IsolatedPredictions: Sendable {
    /// The file.
    public let path: String
    /// The lattice of the fields.
    public let lattice: Lattice
    /// The ids of the samples, each once, in the file's order.
    public let ids: [SampleID]
    /// Whether ids are stored as signed integers, of which the bits were taken.
    public let hasSignedIDs: Bool
    private let rows: [SampleID: Int]
    private let source: Source

    private enum Source: Sendable {
        case here(PredictionsReader)
        case process(ReaderProcess)
    }

    /// Says how this program is called to serve a file to another process of it, without the file's
    /// path.
    public static func setCommand(_ command: [String]) {
        ReaderProcess.command.withLock { $0 = command }
    }

    /// Opens and checks the file at `path`; reads the ids.
    ///
    /// - Throws: `ShardsError` as `PredictionsReader`; `.corrupt` also where the library crashes
    ///   over the file.
    public init(path: String) throws(ShardsError) {
        self.path = path
        guard let command = ReaderProcess.command.withLock({ $0 }) else {
            let reader = try PredictionsReader(path: path)
            (lattice, ids, source) = (reader.lattice, reader.ids, .here(reader))
            hasSignedIDs = reader.hasSignedIDs
            rows = IsolatedPredictions.rows(of: reader.ids)
            return
        }
        // What the system has to say of the file is said here.
        _ = try OpenFile.reading(path, followingLinks: true)
        let process = try ReaderProcess(command, path: path)
        let head = try IsolatedPredictions.content(try process.answer(), path: path)
        guard head.count >= 24, head.count % 8 == 0 else {
            throw IsolatedPredictions.unexpected(path)
        }
        let words: [UInt64] = FieldBytes.numbers(of: head)
        do {
            lattice = try Lattice(rows: Int(clamping: words[0]), columns: Int(clamping: words[1]))
        } catch { throw IsolatedPredictions.unexpected(path) }
        hasSignedIDs = words[2] != 0
        ids = words[3...].map(SampleID.init(bits:))
        rows = IsolatedPredictions.rows(of: ids)
        source = .process(process)
    }

    /// The row of the sample with `id`, or nil.
    public func row(of id: SampleID) -> Int? { rows[id] }

    /// Returns the field in `row`, (rows, columns).
    public func y(at row: Int) throws(ShardsError) -> [Float] {
        switch source {
        case .here(let reader): return try reader.y(at: row)
        case .process(let process):
            let bytes = try IsolatedPredictions.content(
                try process.ask(row.littleEndianBytes), path: path)
            guard bytes.count == ShardLayout.fieldBytes(lattice) else {
                throw IsolatedPredictions.unexpected(path)
            }
            return FieldBytes.floats(of: bytes)
        }
    }

    private static func rows(of ids: [SampleID]) -> [SampleID: Int] {
        Dictionary(zip(ids, ids.indices)) { first, _ in first }
    }

    private static func unexpected(_ path: String) -> ShardsError {
        ShardsError(
            .corrupt, "\(path) cannot be read: its reader said what it cannot mean", path: path)
    }

    // MARK: The other process

    /// Answers for the file at `path` on the socket that is standard input and output, until that
    /// is closed: first the head, (rows, columns, whether ids are signed, ids…), then the field of
    /// each row that is asked for.
    public static func serve(path: String) {
        func say(_ answer: Result<[UInt8], ShardsError>) -> Bool {
            switch answer {
            case .success(let bytes): return MessageSocket(1).send([0] + bytes)
            case .failure(let error):
                let json = JSON.object([
                    "code": .string(error.code.rawValue), "message": .string(error.message),
                ])
                return MessageSocket(1).send([1] + json.canonicalBytes)
            }
        }
        let opened = Result { () throws(ShardsError) in try PredictionsReader(path: path) }
        let head = opened.map { reader in
            let words =
                [
                    UInt64(reader.lattice.rows), UInt64(reader.lattice.columns),
                    reader.hasSignedIDs ? 1 : 0,
                ] + reader.ids.map(\.bits)
            return words.flatMap(\.littleEndianBytes)
        }
        guard say(head), case .success(let reader) = opened else { return }
        while let message = MessageSocket(0).receive() {
            let row = message.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard row < UInt64(reader.ids.count) else { return }
            guard
                say(
                    Result { () throws(ShardsError) in
                        FieldBytes.bytes(of: try reader.y(at: Int(row)))
                    })
            else { return }
        }
    }

    /// What an answer brings, or the error that it is.
    private static func content(_ answer: [UInt8], path: String) throws(ShardsError) -> [UInt8] {
        if answer.first == 0 { return Array(answer.dropFirst()) }
        let json = try ShardsError.telling { () throws(DocumentError) in
            try JSON.parse(Array(answer.dropFirst()), source: path)
        }
        guard let code = json["code"]?.string.flatMap(ShardsError.Code.init),
            let message = json["message"]?.string
        else { throw unexpected(path) }
        throw ShardsError(code, message, path: path)
    }
}
