internal import Fields
package import Sampling
internal import Synchronization

/// The samples of a design by rank, of which the training part has no end.
///
/// A rank names the sample that it names in the dataset, so every nested subset is a beginning of
/// the stream, and what is held out, the samples of validation and test within the design's counts,
/// is never in it.
///
/// - A stratum that has only so many training samples, single sources of one shape, begins anew
///   where they end: position q is that of q modulo their number.
/// - Where draws may meet, those that are the same problem as an earlier sample of the dataset
///   (`Copies`) are left out, as the dataset leaves them out; beyond the dataset's counts, those
///   that are a problem which is held out. Draws are taken never to meet where the chance that a
///   draw is the problem of a sample of the dataset is below 10⁻¹².
///
/// Threads share one stream, as what it knows of the dataset takes long to find.
package final class SampleStream: Sendable {
    /// What is drawn from.
    package let design: Design
    /// How indices become ranks.
    package let split: Split
    /// The strata in which draws may meet.
    private let meeting: Set<Int>
    private let classifier: ProblemClassifier
    /// What the dataset says of the strata in which draws may meet, made when it is first needed.
    private let known = Mutex<Known?>(nil)

    private struct Known: Sendable {
        var copies = Copies()
        var heldOut: Set<ProblemClass> = []
    }

    /// The samples of `design`, divided by `split`.
    package init(_ design: Design, split: Split) {
        self.design = design
        self.split = split
        meeting = Set(
            design.strata.indices.filter { SampleStream.mayMeet(in: design, stratum: $0) })
        classifier = ProblemClassifier(design.physics)
    }

    /// The number of different training samples of a stratum; nil where there is no end.
    package func limit(stratum: Int) -> Int? {
        design.limit(stratum: stratum).map { split.positions(of: .train, among: $0) }
    }

    /// The sample with `rank` in `part`; nil where there is none: of validation and test beyond
    /// the design's counts, and where it is left out.
    ///
    /// O(sources); the first one of a stratum in which draws may meet takes the time to draw such
    /// strata of the whole dataset.
    ///
    /// - Throws: `DatasetError` where `rank` is negative or beyond 2⁴⁰ positions; `SamplingError`
    ///   where the sources cannot be placed.
    package func sample(_ part: Split.Part, rank: Int) throws -> ListedConfiguration? {
        let strata = design.strata.count
        guard var address = split.address(part: part, rank: rank, strata: strata) else {
            guard rank >= 0, rank / strata <= SampleSequence.maximumCount else {
                throw DatasetError(
                    .data,
                    "there is no sample of rank \(rank): ranks are from 0, and positions, "
                        + "\(strata) ranks each, at most 2^40")
            }
            return nil
        }
        if part == .train {
            address = wrapped(address, rank: rank)
        } else if address.index >= design.counts[address.stratum] {
            return nil
        }
        let configuration = try design.configuration(
            stratum: address.stratum, index: address.index)
        guard try !isLeftOut(configuration, address) else { return nil }
        return ListedConfiguration(
            configuration: configuration, id: configuration.id, index: address.index)
    }

    /// The address of a training sample in a stratum that begins anew where it ends.
    private func wrapped(_ address: SampleAddress, rank: Int) -> SampleAddress {
        guard let limit = limit(stratum: address.stratum), limit > 0 else { return address }
        let position = (rank / design.strata.count) % limit
        return split.index(Split.Place(part: .train, position: position)).map {
            SampleAddress(stratum: address.stratum, index: $0)
        } ?? address
    }

    private func isLeftOut(_ configuration: Configuration, _ address: SampleAddress) throws -> Bool
    {
        guard meeting.contains(address.stratum) else { return false }
        let known = try self.known.withLock { known in
            let found = try known ?? findKnown()
            known = found
            return found
        }
        if let position = design.sequence.position(of: address) {
            return known.copies.contains(position)
        }
        return known.heldOut.contains(classifier(configuration))
    }

    /// Whether a draw of this stratum may be the same problem as a sample of the dataset.
    ///
    /// Each of the n sources has its centre with a chance of 1/c, and each but the largest its
    /// value with one of 1/v; n! orders and eight symmetries send one to another, and each key
    /// that is drawn must be equal. What shapes add to that is not counted, as different shapes may
    /// cover the same sites.
    private static func mayMeet(in design: Design, stratum: Int) -> Bool {
        guard design.limit(stratum: stratum) == nil else { return false }
        var chance = 8.0
        for source in 1...design.strata[stratum] {
            chance *= Double(source) / Double(design.centreCount)
            if source > 1 { chance /= Double(design.values.grid.count) }
        }
        for _ in 0..<design.physics.openKeys { chance *= 0x1p-32 }
        return chance * Double(design.counts[stratum]) > 1e-12
    }

    /// Draws the strata in which draws may meet, as far as the dataset has them.
    private func findKnown() throws -> Known {
        var finder = Copies.Finder(strata: design.strata, sequence: design.sequence)
        var known = Known()
        for position in 0..<design.sampleCount {
            let address = design.sequence[position]
            guard meeting.contains(address.stratum) else { continue }
            let configuration = try design.configuration(
                stratum: address.stratum, index: address.index)
            let problem = classifier(configuration)
            try finder.add(configuration.id, problem, at: position)
            if split.place(address.index).part != .train { known.heldOut.insert(problem) }
        }
        known.copies = finder.copies
        return known
    }
}
