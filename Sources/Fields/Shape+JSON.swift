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

extension Shape {
    /// The keys of which a source or a region has exactly one.
    static let keys = ["radius", "ellipse", "rectangle", "ring", "polygon"]

    /// The member that says what the shape is: a disk's `radius`, or an object named for the shape.
    var members: [String: JSON] {
        switch self {
        case .disk(let radius): ["radius": .number(radius)]
        case .ellipse(let down, let across, let angle):
            [
                "ellipse": .object([
                    "radii": .array([.number(down), .number(across)]), "angle": .number(angle),
                ])
            ]
        case .rectangle(let down, let across, let angle):
            [
                "rectangle": .object([
                    "halves": .array([.number(down), .number(across)]), "angle": .number(angle),
                ])
            ]
        case .ring(let outer, let inner):
            ["ring": .object(["outer": .number(outer), "inner": .number(inner)])]
        case .polygon(let corners):
            ["polygon": .array(corners.map { .array([.number($0.down), .number($0.across)]) })]
        }
    }

    /// Reads the one shape among the members of `object`.
    init(_ object: Members) throws(ConfigurationError) {
        let present = Shape.keys.filter(object.has)
        guard present.count == 1 else {
            throw ConfigurationError(
                .document,
                "\(object.context) has "
                    + "\(present.isEmpty ? "no shape" : present.joined(separator: " and ")): it "
                    + "needs one of " + Shape.keys.joined(separator: ", "))
        }
        let json = try object.json(present[0])
        let context = "the \(present[0]) of \(object.context)"
        switch present[0] {
        case "radius": self = .disk(radius: try object.double("radius"))
        case "ellipse":
            let members = try Members(json, of: context, required: ["radii"], optional: ["angle"])
            let radii = try members.doubles("radii", count: 2)
            self = .ellipse(
                down: radii[0], across: radii[1], angle: try members.optionalDouble("angle") ?? 0)
        case "rectangle":
            let members = try Members(json, of: context, required: ["halves"], optional: ["angle"])
            let halves = try members.doubles("halves", count: 2)
            self = .rectangle(
                down: halves[0], across: halves[1], angle: try members.optionalDouble("angle") ?? 0)
        case "ring":
            let members = try Members(json, of: context, required: ["outer", "inner"])
            self = .ring(outer: try members.double("outer"), inner: try members.double("inner"))
        default:
            let corners = (json.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
            guard json.array != nil, corners.allSatisfy({ $0.count == 2 }) else {
                throw ConfigurationError(
                    .document, "\(context) is not a list of [row, column] " + "offsets")
            }
            self = .polygon(corners.map { Corner(down: $0[0], across: $0[1]) })
        }
    }
}
