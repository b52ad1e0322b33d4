extension ShardFile {
    /// What a dataset says of itself, with the places of its chunks.
    struct Dataset: Sendable {
        /// Where its values lie.
        enum Storage: Sendable {
            /// In one piece.
            case contiguous(address: UInt64, bytes: UInt64)
            /// In chunks of this shape; the place of each along the first dimension.
            case chunked([Int], Chunks)
            /// Elsewhere, or in another way than in a shard.
            case other
        }

        let name: String
        /// Its extent, 1 to 4 dimensions.
        let shape: [Int]
        let type: ElementType
        let storage: Storage
        let filters: [ChunkFilter]

        /// Reads a dataset from its header; nil where the object is none.
        init?(_ name: String, _ header: ObjectHeader, in block: Block) throws(ShardsError) {
            guard let space = header.only(.dataspace), let type = header.only(.datatype),
                let layout = header.only(.layout)
            else { return nil }
            self.name = name
            shape = try Dataset.shape(space, name, block.path)
            self.type = ElementType(type.bytes)
            filters =
                try header.messages.first { $0.kind == .filters }.map {
                    (message) throws(ShardsError) in try Dataset.filters(message, block.path)
                } ?? []
            let isElsewhere = header.messages.contains { $0.kind == .externalFiles }
            storage = isElsewhere ? .other : try Dataset.storage(layout, shape, block)
        }

        /// The extent (section IV.A.2.b, version 2). What it may grow to is of no use to a reader.
        private static func shape(_ message: Message, _ name: String, _ path: String)
            throws(ShardsError) -> [Int]
        {
            var cursor = message.cursor(path)
            let (version, rank) = (try cursor.byte(), Int(try cursor.byte()))
            let (_, type) = (try cursor.byte(), try cursor.byte())
            guard version == 2, type == 1, (1...4).contains(rank) else {
                throw ShardsError(
                    .corrupt, "the dataset '\(name)' of \(path) does not have 1 to 4 dimensions",
                    path: path)
            }
            var shape: [Int] = []
            for _ in 0..<rank { shape.append(Int(clamping: try cursor.number(bytes: 8))) }
            return shape
        }

        /// The filters (section IV.A.2.l, version 2).
        private static func filters(_ message: Message, _ path: String) throws(ShardsError)
            -> [ChunkFilter]
        {
            var cursor = message.cursor(path)
            let (version, count) = (try cursor.byte(), try cursor.byte())
            guard version == 2, count <= 4 else {
                throw cursor.damage("a dataset has \(count) filters")
            }
            var filters: [ChunkFilter] = []
            for _ in 0..<count {
                let number = Int(try cursor.number(bytes: 2))
                // The library's own filters have no name.
                let nameBytes = number < 256 ? 0 : try cursor.number(bytes: 2)
                _ = try cursor.number(bytes: 2)
                let count = Int(try cursor.number(bytes: 2))
                _ = try cursor.slice(Int(nameBytes))
                let values: [UInt32] = FieldBytes.numbers(
                    of: Array(try cursor.slice(4 * count)))
                filters.append(ChunkFilter(number: Int32(number), values: values))
            }
            return filters
        }

        /// Where the values lie (section IV.A.2.i, versions 3 and 4).
        private static func storage(_ message: Message, _ shape: [Int], _ block: Block)
            throws(ShardsError) -> Storage
        {
            var cursor = message.cursor(block.path)
            let (version, kind) = (try cursor.byte(), try cursor.byte())
            guard version == 3 || version == 4 else { return .other }
            if kind == 1 {
                return .contiguous(
                    address: try cursor.number(bytes: 8), bytes: try cursor.number(bytes: 8))
            }
            guard kind == 2, version == 4 else { return .other }
            let (flags, dimensions, width) = (
                try cursor.byte(), Int(try cursor.byte()), Int(try cursor.byte())
            )
            guard dimensions == shape.count + 1, (1...8).contains(width) else { return .other }
            var chunk: [Int] = []
            for _ in 0..<dimensions { chunk.append(Int(clamping: try cursor.number(bytes: width))) }
            // The last is the size of an element.
            let sides = Array(chunk.dropLast())
            guard
                let chunks = try Chunks(
                    &cursor, flags: flags, shape: shape, chunk: sides, in: block)
            else { return .other }
            return .chunked(sides, chunks)
        }

        /// The shape of its chunks, or nil.
        var chunk: [Int]? { if case .chunked(let sides, _) = storage { sides } else { nil } }
    }

    /// The places of a dataset's chunks, one for each index of its first dimension.
    struct Chunks: Sendable {
        private var addresses: [UInt64] = []
        private var sizes: [UInt64] = []
        private var masks: [UInt32] = []

        /// Reads the index that follows in a layout message: a single chunk, or a fixed array
        /// (section VII.C); nil for others.
        init?(_ cursor: inout Cursor, flags: UInt8, shape: [Int], chunk: [Int], in block: Block)
            throws(ShardsError)
        {
            guard chunk.first == 1, chunk.dropFirst() == shape.dropFirst() else { return nil }
            switch try cursor.byte() {
            case 1 where flags & 2 != 0:
                let (size, mask) = (try cursor.number(bytes: 8), try cursor.number(bytes: 4))
                append(try cursor.number(bytes: 8), size, UInt32(mask))
            case 3:
                _ = try cursor.byte()
                let address = try cursor.number(bytes: 8)
                // Without a chunk there is no array.
                guard address != ShardFile.undefined else { return }
                // Chunks without a filter.
                guard try block.bytes(at: address, count: 6).last == 1 else { return nil }
                try readArray(at: address, in: block)
            default: return nil
            }
        }

        private mutating func append(_ address: UInt64, _ size: UInt64, _ mask: UInt32) {
            addresses.append(address)
            sizes.append(size)
            masks.append(mask)
        }

        private mutating func readArray(at address: UInt64, in block: Block) throws(ShardsError) {
            let header = try block.bytes(at: address, count: 28)
            guard header.starts(with: "FAHD".utf8), header[4] == 0, header[5] == 1 else {
                throw block.damage("an index of its chunks has no header")
            }
            try block.check(header[...], "index of chunks")
            var cursor = Cursor(header[6..<24], path: block.path)
            let (width, pageBits) = (Int(try cursor.byte()), Int(try cursor.byte()))
            let (count, start) = (try cursor.number(bytes: 8), try cursor.number(bytes: 8))
            guard (13...20).contains(width), (1...30).contains(pageBits),
                count <= min(UInt64(block.size / width), UInt64(ShardLayout.maximumSamples))
            else { throw block.damage("an index of its chunks claims \(count) of them") }
            if start == ShardFile.undefined { return }
            let (entries, page) = (Int(count), 1 << pageBits)
            // Either all entries follow the head, or pages of them do, each with a checksum.
            let pages = entries > page ? (entries + page - 1) / page : 0
            let head = 14 + (pages + 7) / 8
            let first = try block.bytes(
                at: start, count: head + (pages == 0 ? entries * width : 0) + 4)
            guard first.starts(with: "FADB".utf8), first[4] == 0, first[5] == 1 else {
                throw block.damage("an index of its chunks has no entries")
            }
            try block.check(first[...], "index of chunks")
            if pages == 0 {
                return try readEntries(first[head..<first.count - 4], width, block.path)
            }
            for number in 0..<pages {
                let held = min(page, entries - number * page)
                guard first[14 + number / 8] & (0x80 >> UInt8(number % 8)) != 0 else {
                    for _ in 0..<held { append(ShardFile.undefined, 0, 0) }
                    continue
                }
                let offset = start + UInt64(first.count + number * (page * width + 4))
                let bytes = try block.bytes(at: offset, count: held * width + 4)
                try block.check(bytes[...], "index of chunks")
                try readEntries(bytes[..<(bytes.count - 4)], width, block.path)
            }
        }

        private mutating func readEntries(_ bytes: ArraySlice<UInt8>, _ width: Int, _ path: String)
            throws(ShardsError)
        {
            var cursor = Cursor(bytes, path: path)
            while cursor.count > 0 {
                let (address, size) = (
                    try cursor.number(bytes: 8), try cursor.number(bytes: width - 12)
                )
                append(address, size, UInt32(try cursor.number(bytes: 4)))
            }
        }

        /// Where the chunk of sample `position` begins in the file at `path`, and its size as it is
        /// stored.
        func place(of position: Int, path: String) throws(ShardsError) -> (
            offset: UInt64, bytes: UInt32
        ) {
            guard position < addresses.count, addresses[position] != ShardFile.undefined,
                let bytes = UInt32(exactly: sizes[position]), bytes > 0
            else {
                throw ShardsError(
                    .corrupt,
                    "sample \(position) of \(path) is missing: its chunk was never written",
                    path: path)
            }
            guard masks[position] == 0 else {
                throw ShardsError(
                    .corrupt, "sample \(position) of \(path) was stored without its filter",
                    path: path)
            }
            return (addresses[position], bytes)
        }
    }
}
