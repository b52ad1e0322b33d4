extension ShardFile {
    /// Links or attributes of a group that has many: HDF5 keeps them as objects of a heap, with an
    /// index of their names.
    ///
    /// Steadyset's own shards have none; other writers make them from nine names on.
    struct DenseStorage {
        /// Where in the heap's own space each of its blocks begins, its size, and its bytes.
        private var blocks: [(start: UInt64, bytes: [UInt8])] = []
        private let offsetBytes: Int
        private let idBytes: Int
        private let block: Block

        /// More blocks, or larger ones, than a few hundred names need are refused.
        private static let (maximumBlocks, maximumBytes) = (64, 1 << 20)

        /// Reads the fractal heap at `address` (section III.G), whose objects are all in direct
        /// blocks.
        init(heapAt address: UInt64, in block: Block) throws(ShardsError) {
            self.block = block
            let header = try block.bytes(at: address, count: 146)
            guard header.starts(with: "FRHP".utf8), header[4] == 0 else {
                throw block.damage("a heap in it has no header")
            }
            try block.check(header[...], "heap")
            func number(_ range: Range<Int>) -> UInt64 {
                header[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            let (start, largest) = (number(112..<120), number(120..<128))
            (idBytes, offsetBytes) = (Int(number(5..<7)), (Int(number(128..<130)) + 7) / 8)
            let (width, root, rows) = (
                Int(number(110..<112)), number(132..<140), Int(number(140..<142))
            )
            guard number(7..<9) == 0, (1...8).contains(offsetBytes), idBytes > offsetBytes + 1,
                idBytes <= 16, (64...UInt64(DenseStorage.maximumBytes)).contains(start),
                largest <= DenseStorage.maximumBytes, (1...64).contains(width), rows <= 12
            else { throw block.foreign("it has a heap of another form") }
            let hasChecksum = header[9] & 2 != 0
            if rows == 0 {
                try append(root, at: 0, size: start, hasChecksum)
                return
            }
            // A table of blocks: the first two rows have the least size, each row after that twice
            // the one before.
            let head = 13 + offsetBytes
            let table = try block.bytes(at: root, count: head + 8 * rows * width + 4)
            guard table.starts(with: "FHIB".utf8) else {
                throw block.damage("a heap in it has no table of blocks")
            }
            try block.check(table[...], "heap")
            var cursor = Cursor(table[head...], path: block.path)
            var place: UInt64 = 0
            for row in 0..<rows {
                let size = row == 0 ? start : start << UInt64(row - 1)
                guard size <= largest else {
                    throw block.foreign("it has a heap of more than direct blocks")
                }
                for _ in 0..<width {
                    let address = try cursor.number(bytes: 8)
                    if address != ShardFile.undefined {
                        try append(address, at: place, size: size, hasChecksum)
                    }
                    place += size
                }
            }
        }

        private mutating func append(
            _ address: UInt64, at start: UInt64, size: UInt64, _ hasChecksum: Bool
        ) throws(ShardsError) {
            guard blocks.count < DenseStorage.maximumBlocks else {
                throw block.damage("a heap in it has too many blocks")
            }
            var bytes = try block.bytes(at: address, count: Int(size))
            guard bytes.starts(with: "FHDB".utf8) else {
                throw block.damage("a heap in it lacks a block")
            }
            if hasChecksum {
                // It covers the block as if it were 0 itself.
                let place = 13 + offsetBytes
                let recorded = bytes[place..<place + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                }
                bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0, 0])
                guard Lookup3.hash(of: bytes[...]) == recorded else {
                    throw block.damage("the checksum of a heap in it is wrong")
                }
            }
            blocks.append((start, bytes))
        }

        /// The objects that the index at `address` lists, a B-tree of version 2 with one leaf
        /// (section III.A.2); each record has the object's place after `skipped` bytes.
        func objects(indexAt address: UInt64, skipping skipped: Int) throws(ShardsError)
            -> [ArraySlice<UInt8>]
        {
            let header = try block.bytes(at: address, count: 38)
            guard header.starts(with: "BTHD".utf8), header[4] == 0 else {
                throw block.damage("an index in it has no header")
            }
            try block.check(header[...], "index of names")
            var cursor = Cursor(header[10..<26], path: block.path)
            let (size, depth) = (Int(try cursor.number(bytes: 2)), try cursor.number(bytes: 2))
            _ = try cursor.number(bytes: 2)
            let (root, count) = (try cursor.number(bytes: 8), Int(try cursor.number(bytes: 2)))
            if count == 0 { return [] }
            guard depth == 0, size >= skipped + idBytes, count <= maximumNames else {
                throw block.foreign("it has an index of more names than a shard has")
            }
            let leaf = try block.bytes(at: root, count: 6 + count * size + 4)
            guard leaf.starts(with: "BTLF".utf8) else {
                throw block.damage("an index in it has no leaf")
            }
            try block.check(leaf[...], "index of names")
            return try (0..<count).map { (number) throws(ShardsError) in
                let first = 6 + number * size + skipped
                return try object(leaf[first..<first + idBytes])
            }
        }

        /// The object with a heap's id: a place in the heap's space, and a length.
        private func object(_ id: ArraySlice<UInt8>) throws(ShardsError) -> ArraySlice<UInt8> {
            var cursor = Cursor(id, path: block.path)
            guard try cursor.byte() == 0 else {
                throw block.foreign("a name or an attribute lies outside of its heap")
            }
            let offset = try cursor.number(bytes: offsetBytes)
            let length = try cursor.number(bytes: min(8, cursor.count))
            guard let found = blocks.last(where: { $0.start <= offset }),
                length <= found.bytes.count,
                offset - found.start <= UInt64(found.bytes.count) - length
            else { throw block.damage("an index in it leads out of its heap") }
            let first = Int(offset - found.start)
            return found.bytes[first..<first + Int(length)]
        }
    }
}
