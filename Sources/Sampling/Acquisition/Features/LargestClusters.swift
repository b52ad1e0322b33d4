/// Takes again and again, of the cluster whose squared distances sum to most, the farthest member
/// from its centre; every member belongs to the nearest centre.
///
/// All members are compared with every centre. Members that are likely to be taken soon, the
/// farthest of the next largest clusters, are compared along with the one that was taken: one pass
/// over the rows then serves many choices.
struct LargestClusters: FeatureWalk {
    private var pool: NearestCentres
    private var ahead = LookAhead()

    /// Members that are compared at a time.
    private static let batch = 4096
    /// Centres that one pass over the rows serves.
    private static let width = 64

    init(_ features: Features, _ members: [Int], _ centres: [Int], threads: Int)
        throws(SamplingError)
    {
        pool = try NearestCentres(features, members, centres, threads: threads)
        for start in stride(from: 0, to: members.count, by: Self.batch) {
            try pool.compare(Array(start..<min(start + Self.batch, members.count)))
        }
    }

    /// Takes a member; returns its row.
    mutating func next() throws(SamplingError) -> Int {
        let sums = ClusterSums(pool)
        if pool.centres.isEmpty { return try take(try pool.nearestToMean(), sums) }
        let places = try sums.membersOfLargest(in: &pool)
        return try take(try pool.farthest(of: places), sums)
    }

    private mutating func take(_ place: Int, _ sums: ClusterSums) throws(SamplingError) -> Int {
        let row = pool.take(place)
        if ahead.columns[row] == nil {
            let others = sums.likely(Self.width / 2, in: pool).filter { $0 != place }
            try ahead.look(at: [row] + others.map { pool.members[$0] }, from: pool)
        }
        try pool.approachLast(ahead)
        return row
    }

    /// Products of all members with rows that may become centres.
    struct LookAhead {
        /// Of each such row, its products with the members.
        fileprivate(set) var columns: [Int: [Float]] = [:]
        fileprivate(set) var columnLengths: [Int: Double] = [:]
        fileprivate(set) var lengths: [Double] = []
        private var panel = FeatureDistances.Panel()

        fileprivate mutating func look(at rows: [Int], from pool: NearestCentres)
            throws(SamplingError)
        {
            let distances = pool.distances
            try distances.fill(&panel, rows)
            var values = rows.map { _ in [Float](repeating: 0, count: pool.members.count) }
            lengths = [Double](repeating: 0, count: pool.members.count)
            var rest = pool.members.indices.filter { !pool.isTaken[$0] }[...]
            while !rest.isEmpty {
                let places = rest.prefix(LargestClusters.batch)
                for block in try distances.multiply(places.map { pool.members[$0] }, panel) {
                    for (row, length) in block.lengths.enumerated() {
                        let place = rest.removeFirst()
                        lengths[place] = length
                        for column in rows.indices { values[column][place] = block[row, column] }
                    }
                }
            }
            columns = Dictionary(uniqueKeysWithValues: zip(rows, values))
            columnLengths = Dictionary(uniqueKeysWithValues: zip(rows, panel.lengths))
        }
    }
}

/// Between which numbers the squared distances of each cluster's members sum.
private struct ClusterSums {
    private var lower: [Double]
    private var upper: [Double]
    private var counts: [Int]

    init(_ pool: NearestCentres) {
        lower = [Double](repeating: 0, count: pool.centres.count)
        upper = lower
        counts = [Int](repeating: 0, count: pool.centres.count)
        for place in pool.members.indices where !pool.isTaken[place] {
            let cluster = pool.nearest[place]
            guard cluster >= 0 else { continue }
            lower[cluster] += pool.lower[place]
            upper[cluster] += pool.upper[place]
            counts[cluster] += 1
        }
        // Of these sums, and of the one that settles.
        let rounding = Double(pool.members.count) * 0x1p-50
        for cluster in counts.indices {
            lower[cluster] *= 1 - rounding
            upper[cluster] *= 1 + rounding
        }
    }

    /// Places of the members of the largest cluster; of equals, that of the first row.
    func membersOfLargest(in pool: inout NearestCentres) throws(SamplingError) -> [Int] {
        var floor = -Double.infinity
        for cluster in counts.indices where counts[cluster] > 0 {
            floor = max(floor, lower[cluster])
        }
        var contenders = Set(counts.indices.filter { counts[$0] > 0 && upper[$0] >= floor })
        let places = pool.members.indices.filter {
            !pool.isTaken[$0] && contenders.contains(pool.nearest[$0])
        }
        guard contenders.count > 1 else { return places }
        var sums: [Int: Double] = [:]
        for place in places {
            try pool.settle(place)
            sums[pool.nearest[place], default: 0] += pool.upper[place]
        }
        let centres = pool.centres
        let largest = sums.max { ($0.value, -centres[$0.key]) < ($1.value, -centres[$1.key]) }
        contenders = Set(largest.map { [$0.key] } ?? [])
        return places.filter { contenders.contains(pool.nearest[$0]) }
    }

    /// Places of members that may be taken soon: the farthest of each of the `count` largest
    /// clusters, and the `count` farthest of the largest one, about.
    func likely(_ count: Int, in pool: NearestCentres) -> [Int] {
        let largest = counts.indices.filter { counts[$0] > 0 }.sorted {
            (-upper[$0], $0) < (-upper[$1], $1)
        }.prefix(count)
        var farthest = [Int](repeating: -1, count: counts.count)
        var own: [Int] = []
        for place in pool.members.indices where !pool.isTaken[place] {
            let cluster = pool.nearest[place]
            guard cluster >= 0 else { continue }
            if cluster == largest.first { own.append(place) }
            if farthest[cluster] < 0 || pool.upper[place] > pool.upper[farthest[cluster]] {
                farthest[cluster] = place
            }
        }
        own.sort { (-pool.upper[$0], $0) < (-pool.upper[$1], $1) }
        return own.prefix(count) + largest.dropFirst().map { farthest[$0] }.filter { $0 >= 0 }
    }
}

extension NearestCentres {
    /// Compares all members with the last of the centres, at which `ahead` has looked.
    fileprivate mutating func approachLast(_ ahead: LargestClusters.LookAhead)
        throws(SamplingError)
    {
        guard let row = centres.last, let products = ahead.columns[row],
            let length = ahead.columnLengths[row]
        else { preconditionFailure("it was looked at") }
        for place in members.indices where !isTaken[place] {
            try approach(
                place, centres.count - 1,
                distances.square(products[place], ahead.lengths[place], length))
        }
    }
}
