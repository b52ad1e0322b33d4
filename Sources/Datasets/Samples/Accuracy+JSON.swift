package import Documents
internal import Fields
package import Solving

extension Accuracy {
    /// The members that manifests record.
    package var json: JSON {
        .object(["tolerance": .number(tolerance), "grid_bits": gridBits.map(JSON.integer) ?? .null])
    }

    /// The accuracy that a manifest records; the schema has bounded its members.
    package init(json: JSON) {
        self.init(tolerance: json["tolerance"]?.double ?? 1e-6, gridBits: json["grid_bits"]?.int)
    }
}
