/// The farthest of the cluster with the largest sum of squared distances, again and again (LCMD,
/// Holzmüller, Zaverkin, Kästner and Steinwart 2023, JMLR 24).
package struct ClusterAcquisition: AcquisitionRule {
    package static let name = "lcmd"
    package static let needsFeatures = true

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool)
        throws(SamplingError) -> [Choice]
    {
        try pool.choose(count, of: members, by: LargestClusters.self)
    }
}
