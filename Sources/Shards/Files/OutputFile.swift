internal import Fields

/// A file under way that may be written in any order, and what it must hold in the end.
///
/// The first failure stays: what is written after it is dropped, and `check()` and `finish()` throw
/// it, so that nothing of which a part was lost can be committed, whoever was told of the loss. Of
/// every piece that is written the hash is kept (XXH64, 32 bytes of memory a piece); at the end the
/// file is read once, compared with them, and digested, so that its SHA-256 is of what was meant.
/// One thread at a time may use it.
package final class OutputFile {
    /// The file's path.
    package let path: String
    private var file: OpenFile?
    /// The first failure.
    package private(set) var failure: ShardsError?
    /// Number of bytes so far.
    private(set) var count = 0
    /// What was written, ascending and apart from one another; what lies between is 0.
    private var pieces: [Piece] = []

    private struct Piece {
        let start: Int
        let count: Int
        let hash: UInt64
        var end: Int { start + count }

        init(_ bytes: [UInt8], at start: Int) {
            self.start = start
            count = bytes.count
            hash = XXHash64.hash(of: bytes)
        }
    }

    /// Creates the file; what lies at `path` is removed.
    package init(_ path: String) throws(ShardsError) {
        self.path = path
        AtomicFile.remove(path)
        file = try OpenFile.creating(path)
    }

    /// Writes `bytes` from `start` on, unless something failed before.
    package func put(_ bytes: [UInt8], at start: Int) {
        attempt { () throws(ShardsError) in
            guard !bytes.isEmpty else { return }
            let place = try makeRoom(start..<start + bytes.count)
            try file?.put(bytes, at: start)
            pieces.insert(Piece(bytes, at: start), at: place)
            count = max(count, start + bytes.count)
        }
    }

    /// Makes the file `count` bytes long, unless something failed before.
    package func truncate(to count: Int) {
        attempt { () throws(ShardsError) in
            if count < self.count { _ = try makeRoom(count..<self.count) }
            try file?.truncate(to: count)
            self.count = count
        }
    }

    /// Reads what was written into `buffer`; beyond the end there is 0.
    func read(into buffer: UnsafeMutableRawBufferPointer, from start: Int) {
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
        attempt { () throws(ShardsError) in unsafe _ = try file?.fill(buffer, from: start) }
    }

    /// Throws what failed so far.
    package func check() throws(ShardsError) { if let failure { throw failure } }

    /// From here on nothing is written any more.
    package func abandon() {
        if failure == nil { failure = ShardsError(.io, "\(path) was given up", path: path) }
        file = nil
    }

    /// Waits until everything is on the disk, compares it with what was meant, and closes the file.
    ///
    /// - Returns: the size and the digest of what was meant.
    /// - Throws: the first failure of all.
    package func finish() throws(ShardsError) -> FileDigest {
        try check()
        do {
            try file?.synchronise()
            let digest = try compare()
            if let file = file.take() { try file.close() }
            failure = ShardsError(.io, "\(path) is complete already", path: path)
            return digest
        } catch {
            failure = error
            throw error
        }
    }

    private func attempt(_ body: () throws(ShardsError) -> Void) {
        guard failure == nil else { return }
        do throws(ShardsError) { try body() } catch { failure = error }
    }

    /// Takes `range` out of the pieces; returns where a piece of that range belongs.
    private func makeRoom(_ range: Range<Int>) throws(ShardsError) -> Int {
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].end <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        var place = low
        while place < pieces.count, pieces[place].start < range.upperBound {
            let piece = pieces.remove(at: place)
            guard piece.start < range.lowerBound || piece.end > range.upperBound else { continue }
            // What stays of it gets hashes of its own, from bytes that are still what was meant.
            let bytes = try bytes(of: piece)
            if piece.start < range.lowerBound {
                pieces.insert(
                    Piece(Array(bytes[..<(range.lowerBound - piece.start)]), at: piece.start),
                    at: place)
                place += 1
            }
            if piece.end > range.upperBound {
                let rest = Array(bytes[(range.upperBound - piece.start)...])
                pieces.insert(Piece(rest, at: range.upperBound), at: place)
                break
            }
        }
        return place
    }

    /// Reads a piece, which must be what was written.
    private func bytes(of piece: Piece) throws(ShardsError) -> [UInt8] {
        let bytes = try read(piece.start, piece.count)
        guard XXHash64.hash(of: bytes) == piece.hash else {
            throw changed(piece.start, piece.count)
        }
        return bytes
    }

    private func read(_ start: Int, _ count: Int) throws(ShardsError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: ShardsError?
        var found: Int?
        unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(ShardsError) { unsafe found = try file?.fill(buffer, from: start) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard found == count else { throw changed(start, count) }
        return bytes
    }

    private func changed(_ start: Int, _ count: Int) -> ShardsError {
        ShardsError(
            .io,
            "\(path): bytes \(start) to \(start + count) are not what was written: the disk or "
                + "the file system loses data, so check it, or write to another one", path: path)
    }

    /// Reads the whole file; returns its digest where it is what was meant.
    private func compare() throws(ShardsError) -> FileDigest {
        var hasher = Digest.Hasher()
        var place = 0
        func passGap(to end: Int) throws(ShardsError) {
            while place < end {
                let bytes = try read(place, min(1 << 20, end - place))
                guard bytes.allSatisfy({ $0 == 0 }) else { throw changed(place, bytes.count) }
                hasher.update(bytes)
                place += bytes.count
            }
        }
        for piece in pieces {
            try passGap(to: piece.start)
            hasher.update(try bytes(of: piece))
            place = piece.end
        }
        try passGap(to: count)
        if let size = try file?.size(), size != count {
            throw changed(min(size, count), abs(size - count))
        }
        return FileDigest(bytes: count, sha256: hasher.finish())
    }
}
