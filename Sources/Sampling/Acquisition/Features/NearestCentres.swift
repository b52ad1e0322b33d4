/// Members of a pool, and of each what is known of the nearest of a growing list of centres: which
/// it is, and bounds of the square of its distance.
///
/// Bounds come from products of matrices in single precision. Where they do not settle which of two
/// centres is nearer, or which of two members is farther, `FeatureDistances.square` does. So what
/// is chosen depends neither on the processor nor on the number of threads: it is what that
/// function alone would choose, the first of equals.
struct NearestCentres {
    /// Rows of features of the members.
    let members: [Int]
    /// Rows of features of the centres.
    private(set) var centres: [Int] = []
    /// Bounds of the square of each member's distance to the nearest of the centres it was compared
    /// with; equal where the square is known, infinite where it was compared with none.
    private(set) var lower: [Double]
    private(set) var upper: [Double]
    /// Which centre is nearest, the first of equals; negative where it was compared with none.
    private(set) var nearest: [Int]
    /// How many of the centres each member was compared with: the first ones.
    private(set) var compared: [Int]
    private(set) var isTaken: [Bool]

    let distances: FeatureDistances
    private var panel = FeatureDistances.Panel()

    /// Centres that members are compared with at a time.
    private static let stride = 256

    /// Members that were compared with no centre yet.
    init(_ features: Features, _ members: [Int], _ centres: [Int], threads: Int)
        throws(SamplingError)
    {
        self.members = members
        self.centres = centres
        lower = [Double](repeating: .infinity, count: members.count)
        upper = lower
        nearest = [Int](repeating: -1, count: members.count)
        compared = [Int](repeating: 0, count: members.count)
        isTaken = [Bool](repeating: false, count: members.count)
        distances = try FeatureDistances(features, near: members, threads: threads)
    }

    /// The place of the member nearest to the mean of all, the first of equals.
    func nearestToMean() throws(SamplingError) -> Int {
        let width = distances.features.width
        var (row, mean) = (
            [Float](repeating: 0, count: width), [Double](repeating: 0, count: width)
        )
        for member in members {
            try distances.features.copy(member, into: &row)
            for k in 0..<width { mean[k] += Double(row[k]) }
        }
        var (best, least) = (0, Double.infinity)
        for (place, member) in members.enumerated() {
            try distances.features.copy(member, into: &row)
            var sum = 0.0
            for k in 0..<width {
                let difference = Double(row[k]) - mean[k] / Double(members.count)
                sum += difference * difference
            }
            if sum < least { (best, least) = (place, sum) }
        }
        return best
    }

    /// Takes a member, which becomes the last of the centres; returns its row.
    mutating func take(_ place: Int) -> Int {
        isTaken[place] = true
        centres.append(members[place])
        return members[place]
    }

    /// Compares members with all centres, or with as many as it takes to know that they are nearer
    /// than `floor` to one of them. Members that were compared with fewer come first.
    mutating func compare(_ places: [Int], floor: Double = -.infinity) throws(SamplingError) {
        var waiting = places.sorted { (compared[$0], $0) < (compared[$1], $1) }[...]
        var group: [Int] = []
        while true {
            group.removeAll { compared[$0] == centres.count || upper[$0] < floor }
            let start = group.map { compared[$0] }.min() ?? waiting.first.map { compared[$0] }
            guard let start, start < centres.count else { return }
            let end = min((start / Self.stride + 1) * Self.stride, centres.count)
            while let next = waiting.first, compared[next] < end {
                group.append(next)
                waiting.removeFirst()
            }
            try compare(group, with: start..<end)
        }
    }

    /// Compares members with some of the centres; they were compared with all those before.
    private mutating func compare(_ places: [Int], with range: Range<Int>) throws(SamplingError) {
        try distances.fill(&panel, Array(centres[range]))
        let blocks = try distances.multiply(places.map { members[$0] }, panel)
        var rest = places[...]
        for block in blocks {
            for (row, length) in block.lengths.enumerated() {
                let place = rest.removeFirst()
                for column in 0..<range.count {
                    try approach(
                        place, range.lowerBound + column,
                        distances.square(block[row, column], length, panel.lengths[column]))
                }
                compared[place] = max(compared[place], range.upperBound)
            }
        }
    }

    /// Makes a centre the nearest of a member, where it is.
    mutating func approach(_ place: Int, _ centre: Int, _ bounds: FeatureDistances.Bounds)
        throws(SamplingError)
    {
        // Bounds that are no numbers say neither that it is farther nor that it is nearer.
        if bounds.lower >= upper[place] { return }
        guard nearest[place] != centre, upper[place] > 0 else { return }
        if bounds.upper < lower[place] {
            (lower[place], upper[place]) = (max(0, bounds.lower), bounds.upper)
            nearest[place] = centre
            return
        }
        try settle(place)
        let exact = try distances.square(members[place], centres[centre])
        guard exact < upper[place] else { return }
        (lower[place], upper[place]) = (exact, exact)
        nearest[place] = centre
    }

    /// Makes the bounds of a member equal.
    mutating func settle(_ place: Int) throws(SamplingError) {
        guard lower[place] < upper[place] else { return }
        let exact = try distances.square(members[place], centres[nearest[place]])
        (lower[place], upper[place]) = (exact, exact)
    }

    /// Of `places`, the farthest from its nearest centre, the first of equals.
    mutating func farthest(of places: [Int]) throws(SamplingError) -> Int {
        let floor = places.reduce(-Double.infinity) { max($0, lower[$1]) }
        let contenders = places.filter { upper[$0] >= floor }.sorted {
            (-upper[$0], $0) < (-upper[$1], $1)
        }
        guard var best = contenders.first else { preconditionFailure("there is a member") }
        guard contenders.count > 1 else { return best }
        try settle(best)
        for place in contenders.dropFirst() where upper[place] >= upper[best] {
            try settle(place)
            if (-upper[place], place) < (-upper[best], best) { best = place }
        }
        return best
    }
}
