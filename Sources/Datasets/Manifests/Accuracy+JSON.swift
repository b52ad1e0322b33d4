package import Documents
internal import Fields
package import Solving

extension Accuracy {
    /// The members that manifests record; the method only where it was chosen.
    package var members: [String: JSON] {
        var members: [String: JSON] = [
            "tolerance": .number(tolerance), "grid_bits": gridBits.map(JSON.integer) ?? .null,
        ]
        if method != .auto { members["method"] = .string(method.rawValue) }
        return members
    }

    /// The same as an object.
    package var json: JSON { .object(members) }

    /// Reads what `json` writes; `context` is for messages.
    ///
    /// - Throws: `DatasetError` of kind `.data` that names the member which is missing or wrong.
    package init(_ json: JSON, _ context: String) throws(DatasetError) {
        try self.init(
            members: try ManifestMembers(
                json, of: context, required: ["tolerance", "grid_bits"], optional: ["method"]))
    }

    /// Reads it of members that have others beside.
    init(members: ManifestMembers) throws(DatasetError) {
        let tolerance = try members.get("tolerance", "a number above 0, at most 1") { json in
            json.double.flatMap { $0 > 0 && $0 <= 1 ? $0 : nil }
        }
        let gridBits: Int? =
            try members.json("grid_bits") == .null
            ? nil : try members.count("grid_bits", in: Accuracy.gridBitsRange)
        self.init(
            tolerance: tolerance, gridBits: gridBits,
            method: members.has("method") ? try members.choice("method") : .auto)
    }
}
