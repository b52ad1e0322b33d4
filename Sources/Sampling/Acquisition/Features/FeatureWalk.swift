/// Takes members of a pool one after another, by distances between features.
protocol FeatureWalk {
    /// Begins a walk: `members` are to be taken, `centres` are there; both are rows of features.
    init(_ features: Features, _ members: [Int], _ centres: [Int], threads: Int)
        throws(SamplingError)

    /// Takes a member; returns its row. Where nothing is there or taken yet, it is the one nearest
    /// to the mean of all.
    mutating func next() throws(SamplingError) -> Int
}

extension AcquisitionPool {
    /// Chooses `count` of `members` by a walk of a kind.
    func choose<Walk: FeatureWalk>(_ count: Int, of members: [Int], by _: Walk.Type)
        throws(SamplingError) -> [Choice]
    {
        guard let features else { return [] }
        var walk = try Walk(features, byID(members), there, threads: threads)
        var choices: [Choice] = []
        for _ in 0..<count {
            choices.append(Choice(candidate: try walk.next(), probability: nil))
        }
        return choices
    }
}
