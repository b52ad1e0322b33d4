internal import Documents

/// A shard as the bytes of its file: the part of HDF5 that shards are written in, read without the
/// HDF5 library.
///
/// The library reads beyond its memory where a file's records were forged, checksums and all, and
/// shards come from strangers. Shards are written in one way (the newest forms of version 1.10,
/// everything in the root group's header, chunks in a fixed array), of which a reader is small.
/// Every record's checksum is compared, every number bounded by the file's size before anything is
/// read or allocated for it, and whatever is not of that form is refused. Names of sections are
/// those of the HDF5 File Format Specification, version 3.0. Safe for any number of threads.
final class ShardFile: Sendable {
    /// The file, for messages.
    let path: String
    /// Its size in bytes.
    let size: Int
    /// The attributes of the root group.
    let attributes: [String: ShardAttribute]
    /// The headers that the root group's names stand for; nil for links to other places.
    private let links: [String: UInt64?]
    private let file: OpenFile
    private let block: Block

    /// More names in the root group, or attributes, than a shard has are refused.
    static let maximumNames = 64
    /// The first bytes of every HDF5 file.
    private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    /// An address that is none.
    static let undefined = UInt64.max

    /// Opens the file at `path` and reads its records, no data.
    ///
    /// - Parameter followingLinks: whether the last component may be a symbolic link.
    init(path: String, followingLinks: Bool) throws(ShardsError) {
        let file = try OpenFile.reading(path, followingLinks: followingLinks)
        self.path = path
        size = try file.size()
        let block = Block(path: path, size: size, descriptor: file.number)
        let root = try ShardFile.superblock(block)
        let header = try ObjectHeader(at: root, in: block, what: "root group")
        var attributes: [String: ShardAttribute] = [:]
        var links: [String: UInt64?] = [:]
        for message in try header.messages + ShardFile.further(header, in: block) {
            switch message.kind {
            case .attribute:
                let (name, value) = try ShardFile.attribute(message, path)
                attributes[name] = value
            case .link:
                let (name, address) = try ShardFile.link(message, path)
                guard links.updateValue(address, forKey: name) == nil else {
                    throw block.damage("the name '\(name.shortened)' is there twice")
                }
            default: break
            }
            guard links.count <= ShardFile.maximumNames, attributes.count <= ShardFile.maximumNames
            else { throw block.damage("it has more names than a shard has") }
        }
        self.attributes = attributes
        self.links = links
        self.block = block
        self.file = file
    }

    /// Links and attributes that are not in the root group's header, as messages of it.
    private static func further(_ header: ObjectHeader, in block: Block) throws(ShardsError)
        -> [Message]
    {
        var messages: [Message] = []
        for message in header.messages
        where message.kind == .linkInfo || message.kind == .attributeInfo {
            let isLink = message.kind == .linkInfo
            // Version, flags, a creation index where bit 0 is set, then the addresses of a heap and
            // of an index by name.
            var cursor = message.cursor(block.path)
            let (_, flags) = (try cursor.byte(), try cursor.byte())
            if flags & 1 != 0 { _ = try cursor.number(bytes: isLink ? 8 : 2) }
            let (heap, index) = (try cursor.number(bytes: 8), try cursor.number(bytes: 8))
            guard heap != undefined, index != undefined else { continue }
            let storage = try DenseStorage(heapAt: heap, in: block)
            // A link's record begins with the hash of its name, an attribute's with its place.
            messages += try storage.objects(indexAt: index, skipping: isLink ? 4 : 0).map {
                Message(kind: isLink ? .link : .attribute, bytes: $0)
            }
        }
        return messages
    }

    /// Whether the root group has a link of that name.
    func has(_ name: String) -> Bool { links[name] != nil }

    /// The dataset called `name`, which must be a hard link of the root group. O(chunks).
    func dataset(_ name: String) throws(ShardsError) -> Dataset {
        guard let link = links[name] else {
            throw ShardsError(.corrupt, "has no dataset '\(name)'", path: path)
        }
        guard let address = link else {
            throw ShardsError(
                .corrupt, "the dataset '\(name)' of \(path) is a link to another place",
                path: path)
        }
        let header = try ObjectHeader(at: address, in: block, what: "dataset '\(name)'")
        guard let dataset = try Dataset(name, header, in: block) else {
            throw ShardsError(.corrupt, "'\(name)' of \(path) is no dataset", path: path)
        }
        return dataset
    }

    /// Reads `count` bytes at `offset`, which must lie in the file.
    func bytes(at offset: UInt64, count: Int) throws(ShardsError) -> [UInt8] {
        try block.bytes(at: offset, count: count)
    }

    /// Reads `count` bytes at `offset` into `bytes`, in the memory that it has if that is enough.
    func read(at offset: UInt64, count: Int, into bytes: inout [UInt8]) throws(ShardsError) {
        try block.read(at: offset, count: count, into: &bytes)
    }

    /// Returns the address of the root group's header (section II.A, versions 2 and 3).
    private static func superblock(_ block: Block) throws(ShardsError) -> UInt64 {
        guard block.size >= 48 else {
            throw block.damage("it has \(block.size) bytes, too few for a shard")
        }
        let bytes = try block.bytes(at: 0, count: 48)
        guard bytes[..<8].elementsEqual(signature) else {
            throw ShardsError(
                .corrupt, "\(block.path) is not an HDF5 file, or its beginning is damaged",
                path: block.path)
        }
        guard bytes[8] == 2 || bytes[8] == 3, bytes[9] == 8, bytes[10] == 8 else {
            throw block.foreign("its superblock has another version")
        }
        try block.check(bytes[...], "superblock")
        var cursor = Cursor(bytes[12..<44], path: block.path)
        guard try cursor.number(bytes: 8) == 0, try cursor.number(bytes: 8) == undefined else {
            throw block.foreign("its superblock has an extension or another base")
        }
        let end = try cursor.number(bytes: 8)
        guard end == UInt64(block.size) else {
            throw block.damage("it has \(block.size) bytes, its superblock says \(end)")
        }
        guard bytes[11] & 1 == 0 else { throw block.damage("it was not closed by its writer") }
        return try cursor.number(bytes: 8)
    }

    /// Returns the name and the address of a hard link, nil for one to another place (section
    /// IV.A.2.g).
    private static func link(_ message: Message, _ path: String) throws(ShardsError) -> (
        String, UInt64?
    ) {
        var cursor = message.cursor(path)
        let (version, flags) = (try cursor.byte(), try cursor.byte())
        guard version == 1 else { throw cursor.damage("a link has the version \(version)") }
        let isHard = flags & 8 == 0 ? true : try cursor.byte() == 0
        if flags & 4 != 0 { _ = try cursor.number(bytes: 8) }
        if flags & 16 != 0 { _ = try cursor.byte() }
        let length = try cursor.number(bytes: 1 << Int(flags & 3))
        guard (1...255).contains(length) else {
            throw cursor.damage("a link has a name of \(length) bytes")
        }
        let name = try cursor.text(Int(length))
        return (name, isHard ? try cursor.number(bytes: 8) : nil)
    }

    /// Returns the name and the value of an attribute: a scalar, text or a number (section
    /// IV.A.2.m, version 3).
    private static func attribute(_ message: Message, _ path: String) throws(ShardsError) -> (
        String, ShardAttribute
    ) {
        var cursor = message.cursor(path)
        let (version, flags) = (try cursor.byte(), try cursor.byte())
        guard version == 3, flags == 0 else {
            throw cursor.damage("an attribute has another form than a shard's")
        }
        let (nameBytes, typeBytes) = (try cursor.number(bytes: 2), try cursor.number(bytes: 2))
        let spaceBytes = try cursor.number(bytes: 2)
        _ = try cursor.byte()  // ASCII or UTF-8
        guard (2...256).contains(nameBytes) else {
            throw cursor.damage("an attribute has a name of \(nameBytes) bytes")
        }
        let name = try cursor.text(Int(nameBytes) - 1)
        _ = try cursor.byte()
        let type = ElementType(try cursor.slice(Int(typeBytes)))
        let space = try cursor.slice(Int(spaceBytes))
        func refuse() -> ShardsError {
            ShardsError(
                .corrupt,
                "the attribute '\(name.shortened)' of \(path) is not text or a number as a shard "
                    + "has it", path: path)
        }
        // Version 2 of a dataspace, no dimensions, no flags, scalar.
        guard space.elementsEqual([2, 0, 0, 0]) else { throw refuse() }
        switch type {
        case .text(let size) where (1...ShardAttribute.maximumText).contains(size):
            let bytes = try cursor.slice(size)
            guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
                throw refuse()
            }
            return (name, .string(text))
        case .float64: return (name, .double(Double(bitPattern: try cursor.number(bytes: 8))))
        case .int64: return (name, .integer(Int(Int64(bitPattern: try cursor.number(bytes: 8)))))
        default: throw refuse()
        }
    }
}
