internal import Documents
internal import Fields
package import Sampling
internal import Shards

/// What the split stage makes of samples.
package enum SplitSelections {
    /// The selections that a split makes of a solve stage's samples.
    package static func of(_ split: Split, _ listing: SampleListing, _ solved: SolveManifest)
        throws -> [Selection]
    {
        let addresses = solved.leftOut.compactMap { item in
            listing.strata.firstIndex(of: item.sources).map {
                SampleAddress(stratum: $0, index: item.index)
            }
        }
        let copies = listing.copies.originals.keys.map { listing.sequence[$0] }
        return try split.selections(
            strata: listing.strata, counts: listing.sequence.counts,
            leftOut: Set(addresses + copies))
    }

    /// The number of samples in each part, from the selections that are whole parts.
    package static func counts(ofParts selections: [Selection]) -> [PartCount] {
        Split.Part.allCases.compactMap { part in
            selections.first { $0.name == "\(part.rawValue)/S100%" }.map {
                PartCount(part: part, samples: $0.samples)
            }
        }
    }
}
