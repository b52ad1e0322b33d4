package import Documents
package import Fields
internal import Sampling
internal import Shards

/// A sample that is the same problem as an earlier one, as a manifest lists it.
package struct SampleCopy: Hashable {
    package var id: SampleID
    /// Number of sources.
    package var sources: Int
    package var index: Int
    package var original: SampleID

    package init(id: SampleID, sources: Int, index: Int, original: SampleID) {
        self.id = id
        self.sources = sources
        self.index = index
        self.original = original
    }

    /// Reads an element of a manifest's table; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try JSONMembers<DatasetError>(
            json, of: context, required: ["id", "sources", "index", "copy_of"])
        self.init(
            id: try members.sampleID("id"), sources: try members.count("sources"),
            index: try members.count("index"), original: try members.sampleID("copy_of"))
    }

    package var json: JSON {
        .object([
            "id": .string(id.description), "sources": .integer(sources),
            "index": .integer(index), "copy_of": .string(original.description),
        ])
    }
}
