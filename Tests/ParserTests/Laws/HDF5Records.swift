import Shards

/// The records of an HDF5 file (File Format Specification, version 3.0) whose checksums can be made
/// right: superblock, headers of objects with what continues them, indices of chunks, heaps and
/// indices of names.
enum HDF5Records {
    /// Makes the size in the superblock and the checksums of all records that are found right.
    static func mend(_ bytes: inout [UInt8]) {
        guard bytes.count >= 48 else { return }
        put(UInt64(bytes.count), 8, at: 28, &bytes)
        sign(0..<44, &bytes)
        var place = 48
        while place + 16 < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "O") where has("OHDR", at: place, bytes): header(place, &bytes)
            case UInt8(ascii: "F") where has("FAHD", at: place, bytes):
                sign(place..<place + 24, &bytes)
                index(place, &bytes)
            case UInt8(ascii: "F") where has("FRHP", at: place, bytes):
                sign(place..<place + 142, &bytes)
            case UInt8(ascii: "B") where has("BTHD", at: place, bytes):
                sign(place..<place + 34, &bytes)
                let (size, count) = (number(place + 10, 2, bytes), number(place + 24, 2, bytes))
                let leaf = number(place + 16, 8, bytes)
                sign(from: leaf, count: 6 + size &* count, &bytes)
            default: break
            }
            place += 1
        }
    }

    /// The header of an object at `place`, and what it says continues it.
    private static func header(_ place: Int, _ bytes: inout [UInt8]) {
        let flags = bytes[place + 5]
        let width = 1 << Int(flags & 3)
        let start = place + 6 + (flags & 32 != 0 ? 16 : 0) + (flags & 16 != 0 ? 4 : 0)
        let size = number(start, width, bytes)
        guard size >= 0, size < bytes.count, start + width + size + 4 <= bytes.count else { return }
        let (first, end) = (start + width, start + width + size)
        let head = flags & 4 != 0 ? 6 : 4
        var message = first
        while message + head + 16 <= end {
            if bytes[message] == 0x10 {
                let piece = number(message + head, 8, bytes)
                let length = number(message + head + 8, 8, bytes)
                if length >= 8 { sign(from: piece, count: length - 4, &bytes) }
            }
            message += head + number(message + 1, 2, bytes)
        }
        sign(place..<end, &bytes)
    }

    /// The entries of the index of chunks at `place`, where they lie in one page.
    private static func index(_ place: Int, _ bytes: inout [UInt8]) {
        guard place + 28 <= bytes.count else { return }
        let (width, count) = (Int(bytes[place + 6]), number(place + 8, 8, bytes))
        guard (0...4096).contains(count) else { return }
        sign(from: number(place + 16, 8, bytes), count: 14 + count * width, &bytes)
    }

    private static func has(_ name: String, at place: Int, _ bytes: [UInt8]) -> Bool {
        bytes[place..<place + 4].elementsEqual(name.utf8)
    }

    /// Puts the checksum of `count` bytes from `start` on behind them.
    private static func sign(from start: Int, count: Int, _ bytes: inout [UInt8]) {
        guard start >= 0, start < bytes.count, count > 0, count <= bytes.count - start else {
            return
        }
        sign(start..<start + count, &bytes)
    }

    private static func sign(_ range: Range<Int>, _ bytes: inout [UInt8]) {
        guard range.upperBound + 4 <= bytes.count else { return }
        put(UInt64(Lookup3.hash(of: bytes[range])), 4, at: range.upperBound, &bytes)
    }

    /// A little-endian number; -1 where it is not in the file or too large.
    static func number(_ place: Int, _ count: Int, _ bytes: [UInt8]) -> Int {
        guard place >= 0, place + count <= bytes.count else { return -1 }
        let value = bytes[place..<place + count].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        return Int(exactly: value) ?? -1
    }

    static func put(_ value: UInt64, _ count: Int, at place: Int, _ bytes: inout [UInt8]) {
        for byte in 0..<count {
            bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
        }
    }
}
