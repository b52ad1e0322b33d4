/// The farthest from everything that is there or taken, again and again (k-centre, Gonzalez 1985;
/// Sener and Savarese 2018).
package struct CentreAcquisition: AcquisitionRule {
    package static let name = "k-centre"
    package static let needsFeatures = true

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool)
        throws(SamplingError) -> [Choice]
    {
        guard let features = pool.features else { return [] }
        var walk = try FarthestFirst(
            features, pool.byID(members), pool.there, threads: pool.threads)
        var choices: [Choice] = []
        for _ in 0..<count {
            choices.append(Choice(candidate: try walk.next(), probability: nil))
        }
        return choices
    }
}
