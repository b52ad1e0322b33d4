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
