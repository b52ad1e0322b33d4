extension ShardFile {
    /// An open file of known size, of which pieces are read.
    struct Block: Sendable {
        let path: String
        let size: Int
        /// Of a file that the block's owner holds open.
        let descriptor: Int32

        /// Reads `count` bytes at `offset`, which must lie in the file.
        func bytes(at offset: UInt64, count: Int) throws(ShardsError) -> [UInt8] {
            var bytes: [UInt8] = []
            try read(at: offset, count: count, into: &bytes)
            return bytes
        }

        /// Reads the same into `bytes`, in the memory that it has if that is enough.
        func read(at offset: UInt64, count: Int, into bytes: inout [UInt8]) throws(ShardsError) {
            guard count >= 0, count <= size, offset <= UInt64(size - count) else {
                throw damage("a record leads beyond its end, to byte \(offset)")
            }
            let spare = count - bytes.count
            if spare > 0 {
                bytes += repeatElement(0, count: spare)
            } else {
                bytes.removeLast(-spare)
            }
            try OpenFile.fill(descriptor, at: offset, into: &bytes, path: path)
        }

        /// Compares the last four of `bytes` with the checksum of those before them.
        func check(_ bytes: ArraySlice<UInt8>, _ what: String) throws(ShardsError) {
            let recorded = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard bytes.count > 4, Lookup3.hash(of: bytes.dropLast(4)) == recorded else {
                throw damage("the checksum of its \(what) is wrong")
            }
        }

        /// The error for a file that is damaged or was forged.
        func damage(_ reason: String) -> ShardsError {
            ShardsError(
                .corrupt, "\(path): \(reason); the file is damaged: copy or build it again",
                path: path)
        }

        /// The error for an HDF5 file of another writer.
        func foreign(_ reason: String) -> ShardsError {
            ShardsError(
                .format,
                "\(path) is not a shard as Steadyset writes it: \(reason); use the file that was "
                    + "packed", path: path)
        }
    }

    /// Bytes that are read one number after another; beyond the end is an error.
    struct Cursor {
        private var rest: ArraySlice<UInt8>
        private let path: String

        init(_ bytes: ArraySlice<UInt8>, path: String) {
            rest = bytes
            self.path = path
        }

        /// How many bytes are left.
        var count: Int { rest.count }

        mutating func slice(_ count: Int) throws(ShardsError) -> ArraySlice<UInt8> {
            guard count >= 0, count <= rest.count else {
                throw damage("one of its records is cut off")
            }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func byte() throws(ShardsError) -> UInt8 { try slice(1).first ?? 0 }

        /// A little-endian number of at most 8 bytes.
        mutating func number(bytes: Int) throws(ShardsError) -> UInt64 {
            try slice(bytes).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// Text in UTF-8.
        mutating func text(_ count: Int) throws(ShardsError) -> String {
            guard let text = String(validating: try slice(count), as: UTF8.self) else {
                throw damage("a name in it is not UTF-8")
            }
            return text
        }

        func damage(_ reason: String) -> ShardsError {
            ShardsError(
                .corrupt, "\(path): \(reason); the file is damaged: copy or build it again",
                path: path)
        }
    }

    /// A header message: what it is, and its bytes.
    struct Message {
        /// The kinds that a shard's objects have, by their numbers (section IV.A.2).
        enum Kind: UInt8 {
            case dataspace = 1, linkInfo = 2, datatype = 3, fillValue = 5, link = 6, externalFiles =
                7, layout = 8
            case groupInfo = 0xA, filters = 0xB, attribute = 0xC, continuation = 0x10,
                attributeInfo = 0x15
        }

        /// Nil for what says nothing that a reader of shards needs.
        let kind: Kind?
        let bytes: ArraySlice<UInt8>

        func cursor(_ path: String) -> Cursor { Cursor(bytes, path: path) }
    }

    /// The messages of one object (section IV.A.1.b, version 2).
    struct ObjectHeader {
        private(set) var messages: [Message] = []

        /// A shard's group has a piece for each name; more pieces, or more bytes in all, are
        /// refused.
        private static let (maximumPieces, maximumBytes) = (128, 1 << 20)

        /// Reads the header at `address` with all pieces that continue it; `what` names the object
        /// in messages.
        init(at address: UInt64, in block: Block, what: String) throws(ShardsError) {
            let start = try block.bytes(
                at: address, count: min(16, max(0, block.size - Int(clamping: address))))
            guard start.count == 16, start[..<4].elementsEqual("OHDR".utf8), start[4] == 2 else {
                throw start.count == 16 && start[0] == 1
                    ? block.foreign("the header of its \(what) has another version")
                    : block.damage("its \(what) has no header")
            }
            let flags = start[5]
            // Times and limits of attributes come before the size of the first piece.
            let before = 6 + (flags & 32 != 0 ? 16 : 0) + (flags & 16 != 0 ? 4 : 0)
            let width = 1 << Int(flags & 3)
            var prefix = Cursor(
                try block.bytes(at: address, count: before + width)[before...], path: block.path)
            let size = try prefix.number(bytes: width)
            var pieces = [
                (
                    address: address, skip: before + width,
                    bytes: try ObjectHeader.total(before + width, size, block)
                )
            ]
            var (done, sum) = (0, 0)
            while done < pieces.count {
                let piece = pieces[done]
                (done, sum) = (done + 1, sum + piece.bytes)
                guard sum <= ObjectHeader.maximumBytes else {
                    throw block.damage(
                        "the header of its \(what) has more than \(ObjectHeader.maximumBytes) "
                            + "bytes")
                }
                let bytes = try block.bytes(at: piece.address, count: piece.bytes)
                guard done == 1 || bytes.starts(with: "OCHK".utf8) else {
                    throw block.damage("the header of its \(what) is not continued where it says")
                }
                try block.check(bytes[...], "\(what)'s header")
                var cursor = Cursor(bytes[piece.skip..<bytes.count - 4], path: block.path)
                let head = flags & 4 != 0 ? 6 : 4
                while cursor.count >= head {
                    let kind = Message.Kind(rawValue: try cursor.byte())
                    let size = try cursor.number(bytes: 2)
                    let isShared = try cursor.byte() & 2 != 0
                    if head == 6 { _ = try cursor.number(bytes: 2) }
                    let message = Message(kind: kind, bytes: try cursor.slice(Int(size)))
                    guard !isShared || kind == nil else {
                        throw block.foreign("a message of its \(what) is kept in another place")
                    }
                    guard kind == .continuation else {
                        messages.append(message)
                        continue
                    }
                    var place = message.cursor(block.path)
                    let (next, length) = (try place.number(bytes: 8), try place.number(bytes: 8))
                    guard pieces.count < ObjectHeader.maximumPieces, length >= 8 else {
                        throw block.damage("the header of its \(what) goes on without an end")
                    }
                    pieces.append((next, 4, try ObjectHeader.total(0, length, block) - 4))
                }
            }
        }

        /// The bytes of a piece with its checksum.
        private static func total(_ start: Int, _ size: UInt64, _ block: Block) throws(ShardsError)
            -> Int
        {
            guard size <= maximumBytes else {
                throw block.damage("a header in it claims \(size) bytes")
            }
            return start + Int(size) + 4
        }

        /// The only message of a kind that an object has once.
        func only(_ kind: Message.Kind) -> Message? {
            let found = messages.filter { $0.kind == kind }
            return found.count == 1 ? found[0] : nil
        }
    }
}
