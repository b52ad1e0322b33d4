/// The farthest from everything that is there or taken, again and again (k-centre, Gonzalez 1985;
/// Sener and Savarese 2018).
package struct CentreAcquisition: AcquisitionRule {
    package static let name = "k-centre"
    package static let needsFeatures = true

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool)
        throws(SamplingError) -> [Choice]
    {
        try pool.choose(count, of: members, by: FarthestFirst.self)
    }
}
