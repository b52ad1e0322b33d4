/// A batch of images of some channels, where a layer keeps its activations, and their gradients
/// after them.
///
/// Channels of a site are neighbours in memory, and their number is a multiple of 8 (channels that
/// no one asked for stay zero), or 1 for the network's input and output. Large images are apart,
/// each ringed by one line of zero sites, so that a window may reach over the edge. Small ones lie
/// the other way round, (site, sample, channel) without a ring: their lines are too short for the
/// kernels, which run over the samples instead.
final class Images: Sendable {
    /// Images with at most this many sites lie site by site.
    static let smallSites = 64

    let rows: Int
    let columns: Int
    /// Channels of a site in memory.
    let channels: Int
    /// The most samples.
    let capacity: Int
    /// Distance between the same site of two samples.
    let sampleStride: Int
    /// Distance between sites below one another.
    let rowStride: Int
    /// Distance between sites beside one another.
    let columnStride: Int
    private let numbers: FloatArray
    private let origin: Int

    /// Creates images of zeros, of `channels` or more, or of one channel exactly.
    init(capacity: Int, rows: Int, columns: Int, channels: Int?) {
        let stored = channels.map { ($0 + 7) / 8 * 8 } ?? 1
        self.capacity = capacity
        self.rows = rows
        self.columns = columns
        self.channels = stored
        if Self.isSmall(rows, columns) {
            sampleStride = stored
            columnStride = capacity * stored
            rowStride = columns * columnStride
            origin = 0
            numbers = FloatArray(rows * rowStride)
        } else {
            columnStride = stored
            rowStride = (columns + 2) * stored
            // The next multiple of 16 and 16 more: samples do not start on the same line of a
            // cache.
            sampleStride = ((rows + 2) * rowStride + 15) / 16 * 16 + 16
            origin = rowStride + columnStride
            numbers = FloatArray(capacity * sampleStride)
        }
    }

    /// Whether images of this size lie site by site.
    static func isSmall(_ rows: Int, _ columns: Int) -> Bool { rows * columns <= smallSites }

    /// Whether the images lie site by site, without a ring.
    var isSmall: Bool { Self.isSmall(rows, columns) }

    /// The channels of a site; rows and columns from −1 to their number, the ring, where the images
    /// are not small.
    @inline(__always) func at(_ sample: Int, _ row: Int, _ column: Int) -> Floats {
        numbers.start.advanced(
            by: origin &+ sample &* sampleStride &+ row &* rowStride &+ column &* columnStride)
    }
}
