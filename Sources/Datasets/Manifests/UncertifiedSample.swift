package import Documents
package import Fields

/// A configuration whose label could not be certified.
package struct UncertifiedSample: Hashable, Sendable {
    package var id: SampleID
    /// Number of sources.
    package var sources: Int
    package var index: Int
    /// What was reached; nil where it is not finite.
    package var errorBound: Double?

    package init(id: SampleID, sources: Int, index: Int, errorBound: Double? = nil) {
        self.id = id
        self.sources = sources
        self.index = index
        self.errorBound = errorBound
    }

    /// Reads an element of a list; `context` is for messages.
    package init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(
            json, of: context, required: ["id", "sources", "index", "error_bound"])
        self.init(
            id: try members.sampleID("id"), sources: try members.count("sources"),
            index: try members.count("index"),
            errorBound: try members.optionalSize("error_bound"))
    }

    package var json: JSON {
        .object([
            "id": .string(id.description), "sources": .integer(sources), "index": .integer(index),
            "error_bound": errorBound.map(JSON.number) ?? .null,
        ])
    }
}
