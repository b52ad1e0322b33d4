package import Documents
internal import Fields
package import Sampling

/// How many samples have one number of sources.
package struct Stratum: Hashable, Sendable {
    /// The number of sources.
    package var sources: Int
    /// Samples that have it.
    package var samples: Int

    package init(sources: Int, samples: Int) {
        (self.sources, self.samples) = (sources, samples)
    }

    /// Reads an element of a table; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(json, of: context, required: ["sources", "samples"])
        self.init(
            sources: try members.count("sources", in: 1...Configuration.maximumSources),
            samples: try members.count("samples"))
    }

    package var json: JSON {
        .object(["sources": .integer(sources), "samples": .integer(samples)])
    }
}

extension [Stratum] {
    /// The table of strata with these numbers of samples.
    package init(strata: [Int], counts: [Int]) {
        self = zip(strata, counts).map { Stratum(sources: $0, samples: $1) }
    }

    /// Samples of all strata.
    package var samples: Int { reduce(0) { $0 + $1.samples } }

    package var json: JSON { .array(map(\.json)) }
}

/// How many samples a part of the split has.
package struct PartCount: Hashable, Sendable {
    /// The part.
    package var part: Split.Part
    /// Its samples.
    package var samples: Int

    package init(part: Split.Part, samples: Int) { (self.part, self.samples) = (part, samples) }

    /// Reads an element of a table; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(json, of: context, required: ["part", "samples"])
        self.init(part: try members.choice("part"), samples: try members.count("samples"))
    }

    package var json: JSON {
        .object(["part": .string(part.rawValue), "samples": .integer(samples)])
    }
}
