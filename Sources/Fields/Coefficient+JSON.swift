internal import Documents

extension Coefficient {
    /// A number, or an object whose one member names the form: `layered`, `regions`, `random`,
    /// `lognormal` or `two_valued`.
    var json: JSON {
        switch self {
        case .constant(let value): .number(value)
        case .layered(let layers):
            .object([
                "layered": .object([
                    "axis": .string(layers.axis.rawValue),
                    "edges": .array(layers.edges.map(JSON.integer)),
                    "values": .array(layers.values.map(JSON.number)),
                ])
            ])
        case .regions(let regions):
            .object([
                "regions": .object([
                    "background": .number(regions.background),
                    "regions": .array(regions.regions.map(\.json)),
                ])
            ])
        case .random(let field):
            .object([
                "random": .object(
                    [
                        "from": .number(field.from), "to": .number(field.to),
                        "length": .number(field.length),
                    ].merging(field.key.map { ["key": .integer(Int($0))] } ?? [:]) { $1 })
            ])
        case .gaussian(let field): field.json
        }
    }

    /// Reads what `json` writes; `name` says in messages which coefficient it is.
    init(json: JSON, of name: String) throws(ConfigurationError) {
        if let value = json.double {
            self = .constant(value)
            return
        }
        let forms = ["layered", "regions", "random"] + GaussianCoefficient.forms
        let form = try Members(json, of: "'\(name)'", required: [], optional: forms)
        let present = forms.filter(form.has)
        guard present.count == 1 else {
            throw ConfigurationError(
                .document,
                "'\(name)' is not a number, nor an object with one of 'layered', 'regions', "
                    + "'random', 'lognormal', 'two_valued'")
        }
        let inner = try form.json(present[0])
        let context = "'\(name).\(present[0])'"
        switch present[0] {
        case "layered":
            let members = try Members(inner, of: context, required: ["axis", "edges", "values"])
            self = .layered(
                Layers(
                    axis: try members.get("axis", "'rows' or 'columns'") {
                        $0.string.flatMap(Layers.Axis.init)
                    }, edges: try members.ints("edges"), values: try members.doubles("values")))
        case "regions":
            let members = try Members(inner, of: context, required: ["background", "regions"])
            let list = try members.get("regions", "an array") { $0.array }
            var regions: [Regions.Region] = []
            for json in list {
                regions.append(try Regions.Region(json: json, of: "a region of '\(name)'"))
            }
            self = .regions(Regions(background: try members.double("background"), regions: regions))
        case "random":
            let members = try Members(
                inner, of: context, required: ["from", "to", "length"], optional: ["key"])
            self = .random(
                RandomCoefficient(
                    from: try members.double("from"), to: try members.double("to"),
                    length: try members.double("length"), key: try Coefficient.key(members)))
        default:
            self = .gaussian(
                try GaussianCoefficient(json: inner, form: present[0], of: "\(name).\(present[0])"))
        }
    }

    /// The key of a random field, or nil where it has none.
    static func key(_ members: Members) throws(ConfigurationError) -> UInt32? {
        guard members.has("key") else { return nil }
        return try members.get("key", "an integer from 0 to 4294967295") {
            $0.int.flatMap(UInt32.init(exactly:))
        }
    }
}

extension Coefficient.Regions.Region {
    /// Like a source: row, column, value and the members of the shape.
    var json: JSON {
        .object(
            shape.members.merging([
                "row": .integer(row), "column": .integer(column), "value": .number(value),
            ]) { $1 })
    }

    /// Reads what `json` writes.
    init(json: JSON, of context: String) throws(ConfigurationError) {
        let members = try Members(
            json, of: context, required: ["row", "column", "value"], optional: Shape.keys)
        self.init(
            row: try members.int("row"), column: try members.int("column"),
            shape: try Shape(members), value: try members.double("value"))
    }
}
