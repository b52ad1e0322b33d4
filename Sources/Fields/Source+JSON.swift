public import Documents

extension Source {
    /// The source as one JSON object, as in an imported line: row, column, value, and the members
    /// of its shape.
    public var json: JSON {
        .object(
            shape.members.merging([
                "row": .number(Double(row)), "column": .number(Double(column)),
                "value": .number(value),
            ]) { $1 })
    }

    /// Appends the canonical form of `json`; for a disk without its tree.
    package func appendCanonical(to out: inout [UInt8]) {
        guard let disk = shape.disk else {
            out += json.canonicalBytes
            return
        }
        out += Fragment.column
        JSON.ecmaScript(Double(column), to: &out)
        out += Fragment.radius
        JSON.ecmaScript(disk.radius, to: &out)
        out += Fragment.row
        JSON.ecmaScript(Double(row), to: &out)
        out += Fragment.value
        JSON.ecmaScript(value, to: &out)
        out.append(UInt8(ascii: "}"))
    }

    /// What stands between the numbers of a disk.
    private enum Fragment {
        static let column = Array("{\"column\":".utf8)
        static let radius = Array(",\"radius\":".utf8)
        static let row = Array(",\"row\":".utf8)
        static let value = Array(",\"value\":".utf8)
    }

    /// Reads what `json` writes. Ranges are checked by `Configuration`.
    ///
    /// - Throws: `ConfigurationError` with code `.document` where a member is unknown, missing or
    ///   of the wrong type.
    public init(json: JSON) throws(ConfigurationError) {
        let object = try Members(
            json, of: "a source", required: ["row", "column", "value"], optional: Shape.keys)
        self.init(
            row: try object.int("row"), column: try object.int("column"), shape: try Shape(object),
            value: try object.double("value"))
    }
}
