package import Documents
internal import Fields
internal import Sampling
package import Shards
package import Solving

// What stages use until they write typed manifests.

extension SampleListing {
    package init(_ manifest: Manifest) throws { try self.init(try SampleManifest(manifest)) }

    package static func table(strata: [Int], counts: [Int]) -> JSON {
        [Stratum](strata: strata, counts: counts).json
    }
}

extension Copies {
    package var json: JSON? { entries.isEmpty ? nil : .array(entries.map(\.json)) }
}

extension Accuracy {
    package init(json: JSON) {
        self.init(tolerance: json["tolerance"]?.double ?? 1e-6, gridBits: json["grid_bits"]?.int)
    }
}
