/// Takes again and again the member that is farthest from all centres, and compares no other
/// members than those that may be it.
///
/// A member's distance to the nearest centre only shrinks as centres come. So one that is nearer to
/// a single centre than another is to all is not the farthest, whatever the others (lazy greedy
/// choice, Minoux 1978). What remains is compared many at a time.
struct FarthestFirst: FeatureWalk {
    private var pool: NearestCentres
    /// Places of members that are not taken, a heap with the largest upper bound at the top.
    private var heap: [Int]

    /// Members that are compared first; as many again each time that it does not suffice.
    private static let batch = 64
    /// Members that are compared at a time at most.
    private static let maximumBatch = 4096

    init(_ features: Features, _ members: [Int], _ centres: [Int], threads: Int)
        throws(SamplingError)
    {
        pool = try NearestCentres(features, members, centres, threads: threads)
        // As a list of equals, ascending, it is a heap.
        heap = Array(members.indices)
    }

    /// Takes the farthest of the members, the first of equals; returns its row.
    mutating func next() throws(SamplingError) -> Int {
        if pool.centres.isEmpty {
            let place = try pool.nearestToMean()
            heap.removeAll { $0 == place }
            return pool.take(place)
        }
        var (ready, floor) = ([Int](), -Double.infinity)
        var size = Self.batch
        while true {
            var stale: [Int] = []
            while stale.count < size, let top = heap.first, pool.upper[top] >= floor {
                removeTop()
                if pool.compared[top] < pool.centres.count {
                    stale.append(top)
                } else {
                    ready.append(top)
                    floor = max(floor, pool.lower[top])
                }
            }
            guard !stale.isEmpty else { break }
            try pool.compare(stale, floor: floor)
            for place in stale {
                if pool.compared[place] == pool.centres.count {
                    ready.append(place)
                    floor = max(floor, pool.lower[place])
                } else {
                    insert(place)
                }
            }
            size = min(2 * size, Self.maximumBatch)
        }
        let place = try pool.farthest(of: ready)
        for other in ready where other != place { insert(other) }
        return pool.take(place)
    }

    /// Whether `one` belongs above `other`: members that are equally far come in their order.
    private func isAbove(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (pool.upper[one], pool.upper[other])
        return a > b || (a == b && one < other)
    }

    private mutating func insert(_ place: Int) {
        var hole = heap.count
        heap.append(place)
        while hole > 0, isAbove(place, heap[(hole - 1) / 2]) {
            heap[hole] = heap[(hole - 1) / 2]
            hole = (hole - 1) / 2
        }
        heap[hole] = place
    }

    private mutating func removeTop() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, isAbove(heap[child + 1], heap[child]) { child += 1 }
            guard isAbove(heap[child], last) else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = last
    }
}
