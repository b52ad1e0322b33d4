internal import Fields
internal import Multigrid

extension Accuracy {
    /// The members that manifests record.
    var json: JSON {
        .object(["tolerance": .number(tolerance), "grid_bits": gridBits.map(JSON.integer) ?? .null])
    }

    /// The accuracy that a manifest records; the schema has bounded its members.
    init(json: JSON) {
        self.init(tolerance: json["tolerance"]?.double ?? 1e-6, gridBits: json["grid_bits"]?.int)
    }
}
