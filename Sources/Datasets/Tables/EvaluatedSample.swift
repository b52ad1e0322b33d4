package import Fields
package import Sampling

/// One sample that predictions are judged on.
package struct EvaluatedSample: Sendable {
    package let id: SampleID
    /// The number of sources.
    package let sources: Int
    /// Its place in a dataset; nil of a configuration that was never solved.
    package let place: (part: Split.Part, rank: Int)?

    package init(id: SampleID, sources: Int, place: (part: Split.Part, rank: Int)?) {
        self.id = id
        self.sources = sources
        self.place = place
    }
}
