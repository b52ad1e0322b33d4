/// A sum over an image that tells images apart, in O(runs) instead of O(sites): over all sites,
/// the product of a number of the row, one of the column, and one of the value, in two fields of
/// whole numbers modulo p = 2⁶¹ − 1.
///
/// The numbers are those of `Mixing`, as good as random. Two different images are then two
/// different polynomials of degree 2 in the numbers of rows and columns, which have the same value
/// with a chance of at most 2/p in each field (Schwartz 1980, "Fast probabilistic algorithms for
/// verification of polynomial identities").
struct ImageSum: Sendable {
    /// Neighbouring sites of one row that have the same value.
    struct Run {
        let row: Int
        let columns: Range<Int>
        let weight: Pair
    }

    private let rows: Axis
    private let columns: Axis

    init(_ lattice: Lattice) {
        rows = Axis(lattice.rows, stream: 1)
        columns = Axis(lattice.columns, stream: 2)
    }

    /// The runs of an image.
    func runs(of image: SourceImage) -> [Run] {
        var runs: [Run] = []
        var (value, weight) = (Float.nan, Pair(0, 0))
        var start = 0
        while start < image.sites.count {
            let site = image.sites[start]
            let (row, column) = site.quotientAndRemainder(dividingBy: columns.count)
            let next = SourceImage.drawn(image.values[start])
            if next.bitPattern != value.bitPattern {
                (value, weight) = (next, ImageSum.weight(next))
            }
            let limit = min(image.sites.count, start + columns.count - column)
            var end = start + 1
            while end < limit, image.sites[end] == site + end - start,
                image.values[end] == image.values[start]
            {
                end += 1
            }
            runs.append(Run(row: row, columns: column..<column + end - start, weight: weight))
            start = end
        }
        return runs
    }

    /// The runs of sources that have no site in common, which are those of their image.
    func runs(of sources: [Source]) -> [Run] {
        var runs: [Run] = []
        for source in sources {
            let weight = ImageSum.weight(SourceImage.drawn(source.value))
            for run in source.shape.footprint.runs {
                let first = source.column + Int(run.first)
                runs.append(
                    Run(
                        row: source.row + Int(run.row),
                        columns: first..<source.column + Int(run.last) + 1, weight: weight))
            }
        }
        return runs
    }

    /// The numbers of a value.
    private static func weight(_ value: Float) -> Pair {
        Pair(word: 3 << 60 | UInt64(value.bitPattern))
    }

    /// The sum over an image after one of the symmetries. Runs of one weight that stand together
    /// are weighted together.
    func callAsFunction(_ runs: [Run], after element: SymmetryGroup.Element) -> UInt128 {
        let symmetry = element.symmetry
        // Turned, a row's sites stand in a column.
        let (line, along) = symmetry.isTransposed ? (columns, rows) : (rows, columns)
        let (flipsLine, flipsAlong) =
            symmetry.isTransposed
            ? (symmetry.flipsColumns, symmetry.flipsRows)
            : (symmetry.flipsRows, symmetry.flipsColumns)
        let (lineShift, alongShift) =
            symmetry.isTransposed
            ? (element.across, element.down) : (element.down, element.across)
        var sum = Pair(0, 0)
        var part = ProductSum()
        var weight = Pair(0, 0)
        for run in runs {
            if part.isFull || run.weight != weight {
                sum = sum + part.value * weight
                (part, weight) = (ProductSum(), run.weight)
            }
            let place = flipsLine ? line.count - 1 - run.row : run.row
            let stretch =
                flipsAlong
                ? along.count - run.columns.upperBound..<along.count - run.columns.lowerBound
                : run.columns
            part.add(
                line.number(place, shift: lineShift), along.sum(stretch, shift: alongShift))
        }
        sum = sum + part.value * weight
        return UInt128(sum.one) << 64 | UInt128(sum.other)
    }
}

/// The numbers of the rows, or of the columns, and their sums from the first.
private struct Axis: Sendable {
    let count: Int
    private let numbers: [Pair]
    private let sums: [Pair]  // (count + 1)

    init(_ count: Int, stream: UInt64) {
        self.count = count
        numbers = (0..<count).map { Pair(word: stream << 60 | UInt64($0)) }
        sums = numbers.reduce(into: [Pair(0, 0)]) { $0.append($0[$0.count - 1] + $1) }
    }

    /// The number at a place, `shift` further on.
    @inline(__always) func number(_ place: Int, shift: Int) -> Pair {
        let there = place + shift
        return numbers[there < count ? there : there - count]
    }

    /// The sum over places, `shift` further on.
    @inline(__always) func sum(_ places: Range<Int>, shift: Int) -> Pair {
        let (first, end) = (places.lowerBound + shift, places.upperBound + shift)
        if first >= count { return sums[end - count] - sums[first - count] }
        if end > count { return sums[count] - sums[first] + sums[end - count] }
        return sums[end] - sums[first]
    }
}

/// A number of each of the two fields.
struct Pair: Equatable, Sendable {
    let one: UInt64
    let other: UInt64

    private static let modulus: UInt64 = 1 << 61 - 1

    @inline(__always) init(_ one: UInt64, _ other: UInt64) { (self.one, self.other) = (one, other) }

    /// The numbers that stand for a word.
    init(word: UInt64) {
        let bits = Mixing.mix(word)
        one = UInt64(truncatingIfNeeded: bits) % Pair.modulus
        other = UInt64(truncatingIfNeeded: bits >> 64) % Pair.modulus
    }

    @inline(__always) static func + (a: Pair, b: Pair) -> Pair {
        Pair(reduced(a.one + b.one), reduced(a.other + b.other))
    }

    @inline(__always) static func - (a: Pair, b: Pair) -> Pair {
        Pair(reduced(a.one + modulus - b.one), reduced(a.other + modulus - b.other))
    }

    @inline(__always) static func * (a: Pair, b: Pair) -> Pair {
        Pair(product(a.one, b.one), product(a.other, b.other))
    }

    /// What is left of a sum of products.
    @inline(__always) fileprivate static func reduced(_ sum: UInt128) -> UInt64 {
        let word = UInt64(truncatingIfNeeded: sum)
        let middle = UInt64(truncatingIfNeeded: sum >> 61)
        return reduced(reduced((word & modulus) + (middle & modulus) + UInt64(sum >> 122)))
    }

    /// 2⁶¹ is 1 in the field.
    @inline(__always) private static func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        return reduced(low & modulus + (low >> 61 | high << 3))
    }

    @inline(__always) private static func reduced(_ number: UInt64) -> UInt64 {
        number >= modulus ? number - modulus : number
    }
}

/// A sum of products of pairs, reduced once.
private struct ProductSum {
    private var one: UInt128 = 0
    private var other: UInt128 = 0
    private var count = 0

    /// Whether there is no room for another product: each is below 2¹²².
    @inline(__always) var isFull: Bool { count == 64 }

    @inline(__always) mutating func add(_ a: Pair, _ b: Pair) {
        one &+= UInt128(a.one) &* UInt128(b.one)
        other &+= UInt128(a.other) &* UInt128(b.other)
        count += 1
    }

    @inline(__always) var value: Pair { Pair(Pair.reduced(one), Pair.reduced(other)) }
}
