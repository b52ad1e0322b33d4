internal import Fields

/// A chunk of an archive's `/y`: all that its label needs, but for what is the same for all labels,
/// which `ArchiveFilter` has.
///
///     0  "SSAC"                 4  version 1, 4 bytes
///     8  XXH64 of all that follows it
///     16 source_factor, binary64
///     24 bytes of the frame of x, 4 bytes     28  number of keys, 4 bytes
///     32 keys of the sample's random coefficients, 4 bytes each
///     …  the frame of x, as `/x` has it, then that of the residuals
///
/// Numbers are little-endian; frames are those of `BloscFrame`.
package struct ArchiveChunk {
    /// The factor of x in the equation; see `LabelPredictor`.
    let sourceFactor: Double
    /// The keys of the sample's random coefficients that have none in the physics.
    package let keys: [UInt32]
    /// Where the frame of x lies; that of the residuals follows it, and is the last.
    private let x: Range<Int>

    private static let magic = Array("SSAC".utf8)
    private static let version = 1
    private static let checked = 16
    private static let headSize = 32

    /// More bytes than this are no chunk for a field of `size` bytes.
    static func bound(_ size: Int) -> Int { 2 * BloscFrame.bound(size) }

    /// Returns the chunk with the frames of x and of residuals.
    static func bytes(sourceFactor: Double, keys: [UInt32], x: [UInt8], residuals: [UInt8])
        -> [UInt8]
    {
        var rest: [UInt8] = []
        rest.reserveCapacity(headSize + 4 * keys.count + x.count + residuals.count)
        rest += sourceFactor.bitPattern.littleEndianBytes
        rest += UInt32(x.count).littleEndianBytes
        rest += UInt32(keys.count).littleEndianBytes
        for key in keys { rest += key.littleEndianBytes }
        rest += x
        rest += residuals
        return magic + UInt32(version).littleEndianBytes
            + XXHash64.hash(of: rest).littleEndianBytes + rest
    }

    /// Reads the head of `bytes`; both frames are looked at when they are expanded.
    ///
    /// - Parameter isVerified: whether the bytes are known to be those that were written; they are
    ///   compared with their checksum otherwise.
    /// - Throws: `ShardsError` with code `.corrupt`.
    package init(_ bytes: [UInt8], isVerified: Bool) throws(ShardsError) {
        guard bytes.count > ArchiveChunk.headSize, bytes.starts(with: ArchiveChunk.magic) else {
            throw ShardsError(
                .corrupt, "a chunk of \(bytes.count) bytes is none of an archive's labels")
        }
        func number(_ place: Int, bytes count: Int = 4) -> UInt64 {
            (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
        }
        guard number(4) == ArchiveChunk.version else {
            throw ShardsError(
                .corrupt,
                "a chunk of an archive has version \(number(4)), this release reads "
                    + "\(ArchiveChunk.version)")
        }
        guard
            isVerified
                || XXHash64.hash(of: Array(bytes[ArchiveChunk.checked...])) == number(8, bytes: 8)
        else { throw ShardsError(.corrupt, "a chunk of an archive does not have its checksum") }
        sourceFactor = Double(bitPattern: number(16, bytes: 8))
        let (length, keys) = (Int(number(24)), Int(number(28)))
        guard keys <= ShardLayout.maximumKeys, length < bytes.count,
            ArchiveChunk.headSize + 4 * keys + length < bytes.count
        else { throw ShardsError(.corrupt, "the parts of an archive's chunk lead beyond its end") }
        self.keys = (0..<keys).map { UInt32(number(ArchiveChunk.headSize + 4 * $0)) }
        let start = ArchiveChunk.headSize + 4 * keys
        x = start..<start + length
    }

    /// Where the frame of the residuals begins; it is the last.
    var residuals: Int { x.upperBound }

    /// Returns the frame of x in `bytes`, which the chunk was read from.
    package func x(of bytes: [UInt8]) -> [UInt8] { Array(bytes[x]) }
}
