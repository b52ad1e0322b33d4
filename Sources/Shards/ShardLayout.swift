internal import Fields

/// The two kinds of file with samples in them.
public enum ShardKind: String, Hashable, Sendable, CaseIterable {
    /// What `solve` writes: samples without a place in the order of training.
    case part
    /// What `pack` writes: every sample has a rank.
    case shard
}

/// The fields of a sample that are stored in chunks.
public struct ShardField: Hashable, Sendable {
    /// The dataset's name.
    public let name: String
    /// How the bytes become streams of a frame.
    package let form: BloscFrame.Form
    /// Whether the frame is a part of an `ArchiveChunk`; a chunk is a frame otherwise.
    let isArchived: Bool

    /// Creates a field; that of a codec stands beside the codec.
    package init(_ name: String, form: BloscFrame.Form, isArchived: Bool = false) {
        (self.name, self.form, self.isArchived) = (name, form, isArchived)
    }

    /// The largest chunk of a field of `size` bytes; readers refuse more.
    func bound(_ size: Int) -> Int {
        isArchived ? ArchiveChunk.bound(size) : BloscFrame.bound(size)
    }

    /// Checks the heads of a chunk of a field of `size` bytes; what is compressed is not looked at.
    ///
    /// - Throws: `ShardsError` with code `.corrupt`.
    func check(_ chunk: [UInt8], size: Int) throws(ShardsError) {
        let start = isArchived ? try ArchiveChunk(chunk, isVerified: true).residuals : 0
        try BloscFrame.checkHeader(chunk, from: start, size: size, as: form)
    }

    /// The image of the sources; compressed without shuffle, as it is zero almost everywhere.
    public static let x = ShardField("x", form: .plain)
    /// The steady state; each byte of the numbers compressed by itself.
    public static let y = ShardField("y", form: .planes)
}

/// Names, numbers and bounds of the shard format; writer and reader share them.
enum ShardLayout {
    static let format = "steadyset-shard"
    /// Of the shards of all codecs but those that have a version of their own.
    static let version = 3
    /// The attribute that names the codec where it is not the standard one.
    static let codec = "codec"

    /// More samples than this in one file are refused.
    static let maximumSamples = 10_000_000
    /// Larger indices and ranks are refused.
    static let largestNumber: UInt64 = 1 << 53
    static let id = HDF5.Column<UInt64>(name: "id")
    static let sourceCounts = HDF5.Column<UInt16>(name: "n_sources")
    static let index = HDF5.Column<UInt64>(name: "index")
    static let rank = HDF5.Column<UInt64>(name: "rank")
    static let keys = HDF5.Column<UInt32>(name: "keys")
    /// More keys than this are refused; a physics has at most three open ones.
    static let maximumKeys = 3
    static let sources = HDF5.Column<Double>(name: "sources")
    static let errorBound = HDF5.Column<Double>(name: "error_bound")
    /// Only in files whose samples each have a D of their own.
    static let contrast = HDF5.Column<Double>(name: "contrast")
    static let ySHA256 = HDF5.Column<UInt8>(name: "y_sha256")
    /// XXH64 of each chunk of a sample as it is stored, in the order of the chunks.
    static let checksums = HDF5.Column<UInt64>(name: "checksums")

    /// Bytes that one sample takes in the columns, at least.
    static func columnBytes(maximumSources: Int, width: Int) -> Int {
        8 + 2 + 8 + 8 * width * maximumSources + 8 + 32
    }

    /// Bytes that HDF5's own records take in a file, at least: 17 for the place of each chunk on
    /// the largest lattice, and the headers of fewer than 16 objects with their attributes and
    /// `clientData` bytes of filters.
    static func metadataBytes(chunks: Int, attributes: [ShardAttribute], clientData: Int) -> Int {
        let text = attributes.reduce(0) { sum, attribute in
            if case .string(let text) = attribute { sum + text.utf8.count } else { sum }
        }
        return 8192 + text + clientData + 20 * chunks
    }

    /// The least error bound that a label can have in a file with these attributes: half a step of
    /// its grid, as so much is in every certificate for rounding, or 0 without a grid.
    static func leastBound(_ attributes: [String: ShardAttribute]) -> Double {
        guard case .double(let step)? = attributes["grid"], step > 0 else { return 0 }
        return step / 2
    }

    /// Bytes of one field.
    static func fieldBytes(_ lattice: Lattice) -> Int { lattice.count * MemoryLayout<Float>.size }
}
