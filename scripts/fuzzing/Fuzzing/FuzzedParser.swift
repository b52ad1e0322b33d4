internal import CFuzzer
internal import Foundation

/// The parser that is fuzzed.
enum FuzzedParser {
    /// The law of the parser that the environment's PARSER names. libFuzzer has one thread.
    nonisolated(unsafe) static var law: any ParserLaw = {
        let name = ProcessInfo.processInfo.environment["PARSER"] ?? ""
        guard let type = ParserLaws.named(name), let law = try? type.init() else {
            fatalError("PARSER is one of \(ParserLaws.all.map { $0.name }.joined(separator: ", "))")
        }
        return law
    }()
}

/// Changes `data`, of which there may be `most` bytes, and makes checksums right in three of four
/// cases. Returns how many there are now.
@c(LLVMFuzzerCustomMutator)
public func changeInput(
    _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32
) -> Int {
    let count = unsafe LLVMFuzzerMutate(data, size, most)
    guard seed % 4 > 0 else { return count }
    let buffer = unsafe UnsafeMutableBufferPointer(start: data, count: most)
    var bytes = unsafe Array(buffer[..<count])
    unsafe FuzzedParser.law.mend(&bytes)
    guard bytes.count <= most else { return count }
    _ = unsafe buffer.update(fromContentsOf: bytes)
    return bytes.count
}
