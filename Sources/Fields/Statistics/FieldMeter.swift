/// Collects the totals of one field, sample by sample. It has about 130 kB, and one thread uses it.
///
/// A sample's sum is a double: its values are added in eight lanes, a site in lane `site % 8`, by
/// ascending sites, and then the lanes from first to last; so is the sum of its squares, which are
/// exact. These doubles are added without rounding. So bits depend on the samples alone.
package struct FieldMeter {
    let sites: HistogramSites
    var count = 0
    var sum = ExactSum()
    var squares = ExactSum()
    var minimum = Float.infinity
    var maximum = -Float.infinity
    /// Values of each class, from −`ValueBins.end` on.
    var bins = [Int](repeating: 0, count: 2 * ValueBins.end)

    package init(_ lattice: Lattice) { sites = HistogramSites(lattice) }

    /// Adds a source image, as `add(_:)` adds the dense one. O(sites of sources).
    package mutating func add(_ image: SourceImage) {
        var (sums, squared) = (SIMD8<Double>(), SIMD8<Double>())
        var (least, greatest) = (Float.infinity, -Float.infinity)
        var others = sites.count
        for (site, double) in zip(image.sites, image.values) {
            let value = Float(double)
            let exact = Double(value)
            sums[site & 7] += exact
            squared[site & 7] += exact * exact
            (least, greatest) = (min(least, value), max(greatest, value))
            if sites.contains(site) {
                bins[ValueBins.end + ValueBins.bin(of: value)] += 1
                others -= 1
            }
        }
        if image.sites.count < sites.lattice.count {
            (least, greatest) = (min(least, 0), max(greatest, 0))
        }
        bins[ValueBins.end] += others
        close(sums, squared, least, greatest)
    }

    mutating func close(
        _ sums: SIMD8<Double>, _ squared: SIMD8<Double>, _ least: Float, _ greatest: Float
    ) {
        count += sites.lattice.count
        sum.add(sums.orderedSum)
        squares.add(squared.orderedSum)
        // Which of 0 and −0 stands first in a lane is of no account.
        minimum = min(minimum, least) + 0
        maximum = max(maximum, greatest) + 0
    }

    /// Adds what another collected of a field on the same lattice.
    package mutating func add(_ other: FieldMeter) {
        precondition(sites == other.sites, "meters of one field have one lattice")
        count += other.count
        sum.add(other.sum)
        squares.add(other.squares)
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        for bin in bins.indices { bins[bin] += other.bins[bin] }
    }

    /// What was collected; nil where nothing was.
    package var totals: FieldTotals? {
        guard count > 0, let first = bins.firstIndex(where: { $0 > 0 }),
            let last = bins.lastIndex(where: { $0 > 0 })
        else { return nil }
        return FieldTotals(
            count: count, sum: sum, squares: squares, minimum: minimum, maximum: maximum,
            firstBin: first - ValueBins.end, counts: Array(bins[first...last]))
    }
}
