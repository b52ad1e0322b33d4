/// What leaves a linear model on the features least uncertain about the whole pool: the mean
/// posterior variance of its predictions, given what is there (BAIT; Ash, Goel, Krishnamurthy and
/// Kakade 2021, arXiv:2106.09675). Members are taken greedily, twice as many as are wanted, and
/// then given back, those first that tell least beside the others. So fewer need not be the first
/// of more.
package struct BaitAcquisition: AcquisitionRule {
    package static let name = "bait"
    package static let needsFeatures = true

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool)
        throws(SamplingError) -> [Choice]
    {
        guard let features = pool.features, count > 0 else { return [] }
        let members = pool.byID(members)
        var variance = try PosteriorVariance(
            features, of: members, knowing: pool.there, threads: pool.threads)
        var taken: [Int] = []
        for _ in 0..<min(2 * count, members.count) {
            let best = variance.mostTelling()
            try variance.learn(best)
            taken.append(best)
        }
        variance.restrict(to: taken)
        while taken.count > count {
            let least = variance.leastTelling(of: taken)
            try variance.forget(taken.remove(at: least))
        }
        return taken.map { Choice(candidate: members[$0], probability: nil) }
    }
}
