/// All alike.
package struct RandomAcquisition: AcquisitionRule {
    package static let name = "random"

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool) -> [Choice] {
        Race(members, in: pool) { _ in 0 }.first(count)
    }
}
