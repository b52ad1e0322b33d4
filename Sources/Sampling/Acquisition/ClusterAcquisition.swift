/// The farthest of the cluster with the largest sum of squared distances, again and again (LCMD,
/// Holzmüller, Zaverkin, Kästner and Steinwart 2023, JMLR 24).
package struct ClusterAcquisition: AcquisitionRule {
    package static let name = "lcmd"
    package static let needsFeatures = true

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool)
        throws(SamplingError) -> [Choice]
    {
        guard let features = pool.features else { return [] }
        var walk = try LargestClusters(
            features, pool.byID(members), pool.there, threads: pool.threads)
        var choices: [Choice] = []
        for _ in 0..<count {
            choices.append(Choice(candidate: try walk.next(), probability: nil))
        }
        return choices
    }
}
