internal import Synchronization

/// A regular expression, compiled once.
///
/// A row of sets of ASCII characters, such as `^[0-9a-f]{64}$`, is compared byte by byte: digests
/// are most of what a manifest's patterns look at, and `Regex` takes 100,000 instructions for one.
package final class SchemaPattern: Sendable {
    package let text: String
    private let row: [Piece]?
    /// What compares where there is no row. `Regex` is not `Sendable`, hence the lock.
    private let expression: Mutex<Regex<AnyRegexOutput>?>

    /// Compiles `text`, or returns nil where it is not a regular expression.
    package init?(_ text: String) {
        self.text = text
        row = SchemaPattern.row(text)
        let compiled = row == nil ? try? Regex(text) : nil
        guard row != nil || compiled != nil else { return nil }
        expression = Mutex(compiled)
    }

    /// More bytes than this are not looked at: what patterns are for is names and digests.
    private static let maximumBytes = 4096

    /// Whether a part of `string` matches, as JSON Schema has it; no string of more than 4096 bytes
    /// does.
    package func matches(_ string: String) -> Bool {
        guard string.utf8.count <= SchemaPattern.maximumBytes else { return false }
        guard let row else {
            return expression.withLock { $0.map { string.firstMatch(of: $0) != nil } ?? false }
        }
        var bytes = string.utf8.makeIterator()
        var next = bytes.next()
        for piece in row {
            var count = 0
            while count < piece.most, let byte = next, piece.holds(byte) {
                count += 1
                next = bytes.next()
            }
            guard count >= piece.least else { return false }
        }
        return next == nil
    }

    /// So many characters of a set.
    private struct Piece {
        var set: (low: UInt64, high: UInt64) = (0, 0)
        var least = 1
        var most = 1

        mutating func insert(_ byte: UInt8) {
            if byte < 64 { set.low |= 1 << byte } else { set.high |= 1 << (byte - 64) }
        }

        func holds(_ byte: UInt8) -> Bool {
            byte < 128 && (byte < 64 ? set.low >> byte : set.high >> (byte - 64)) & 1 == 1
        }
    }

    /// The pieces of `^…$` where all are sets `[…]`, single letters or digits, each as often as
    /// `{n}`, or the last as often as `{m,n}`, `*` or `+`, so that the first way to match is the
    /// only one; nil of any other pattern.
    private static func row(_ text: String) -> [Piece]? {
        var rest = Array(text.utf8)[...]
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
        guard rest.popFirst() == UInt8(ascii: "^"), rest.popLast() == UInt8(ascii: "$") else {
            return nil
        }
        var pieces: [Piece] = []
        while let byte = rest.popFirst() {
            guard pieces.last.map({ $0.least == $0.most }) ?? true else { return nil }
            var piece = Piece()
            if byte == UInt8(ascii: "[") {
                guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
                var set = rest[..<end]
                rest = rest[(end + 1)...]
                while let first = set.popFirst() {
                    guard isWord(first) || first == 0x2D || first == 0x2E || first == 0x25 else {
                        return nil
                    }
                    if set.count > 1, set.first == UInt8(ascii: "-") {
                        set.removeFirst()
                        guard let last = set.popFirst(), first <= last, last < 128 else {
                            return nil
                        }
                        for byte in first...last { piece.insert(byte) }
                    } else {
                        piece.insert(first)
                    }
                }
            } else if isWord(byte) {
                piece.insert(byte)
            } else {
                return nil
            }
            switch rest.first {
            case UInt8(ascii: "{"):
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
                let bounds = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
                    .split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
                guard let least = bounds[0], let most = bounds.last ?? nil, bounds.count < 3,
                    0...most ~= least
                else { return nil }
                (piece.least, piece.most) = (least, min(most, maximumBytes))
                rest = rest[(end + 1)...]
            case UInt8(ascii: "*"), UInt8(ascii: "+"):
                piece.least = rest.removeFirst() == UInt8(ascii: "+") ? 1 : 0
                piece.most = maximumBytes
            default: break
            }
            pieces.append(piece)
        }
        return pieces
    }
}
