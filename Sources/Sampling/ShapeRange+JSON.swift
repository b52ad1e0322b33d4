public import Documents
internal import Fields

extension ShapeRange {
    /// Reads the members `radius` and `shapes` of a design or of a pipeline's sampling, of which
    /// one must be there.
    ///
    /// - Throws: `SamplingError` with code `.document` where both are there or none, or one is not
    ///   of its form.
    public static func alternatives(radius: JSON?, shapes: JSON?) throws(SamplingError)
        -> [ShapeRange]
    {
        switch (radius, shapes) {
        case (let radius?, nil):
            return [.disk(radius: try ParameterRange(json: radius, of: "the radius"))]
        case (nil, let shapes?):
            guard let list = shapes.array else {
                throw SamplingError(.document, "'shapes' is not " + "a list of shapes")
            }
            return try list.map { (json) throws(SamplingError) in try ShapeRange(json: json) }
        default:
            throw SamplingError(
                .document, "there must be either 'radius' or 'shapes', and " + "not both")
        }
    }

    /// An object whose one member names the shape.
    var json: JSON {
        switch self {
        case .disk(let radius): .object(["disk": .object(["radius": radius.json])])
        case .ellipse(let down, let across, let angle):
            .object([
                "ellipse": .object([
                    "radii": .array([down.json, across.json]),
                    "angle": ShapeRange.json(angle: angle),
                ])
            ])
        case .rectangle(let down, let across, let angle):
            .object([
                "rectangle": .object([
                    "halves": .array([down.json, across.json]),
                    "angle": ShapeRange.json(angle: angle),
                ])
            ])
        case .ring(let outer, let inner):
            .object(["ring": .object(["outer": outer.json, "inner": inner.json])])
        case .polygon(let corners, let radius):
            .object([
                "polygon": .object([
                    "corners": corners.count == 1
                        ? .integer(corners.lowerBound)
                        : .object([
                            "from": .integer(corners.lowerBound),
                            "to": .integer(corners.upperBound),
                        ]), "radius": radius.json,
                ])
            ])
        }
    }

    private static func json(angle: ParameterRange) -> JSON {
        angle == anyAngle ? .string("any") : angle.json
    }

    /// Reads what `json` writes; an angle may also be the word `any`, and is 0 where it is left
    /// out. Ranges are checked by `Design`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing or of the
    ///   wrong type.
    init(json: JSON) throws(SamplingError) {
        let kinds = ["disk", "ellipse", "rectangle", "ring", "polygon"]
        let members = try Members(json, of: "a shape", required: [], optional: kinds)
        let present = kinds.filter(members.has)
        guard present.count == 1 else {
            throw SamplingError(
                .document, "a shape has \(present.count) members, it needs one of " + "\(kinds)")
        }
        let inner = try members.json(present[0])
        let context = "the shape '\(present[0])'"
        func range(_ members: Members, _ key: String) throws(SamplingError) -> ParameterRange {
            try ParameterRange(json: try members.json(key), of: "'\(key)' of \(context)")
        }
        func pair(_ members: Members, _ key: String) throws(SamplingError) -> (
            ParameterRange, ParameterRange
        ) {
            let values = try members.array(key)
            guard values.count == 2 else {
                throw SamplingError(.document, "'\(key)' of \(context) " + "is not a pair")
            }
            let name = "'\(key)' of \(context)"
            return (
                try ParameterRange(json: values[0], of: name),
                try ParameterRange(json: values[1], of: name)
            )
        }
        func angle(_ members: Members) throws(SamplingError) -> ParameterRange {
            guard members.has("angle") else { return ParameterRange(0) }
            return try ParameterRange(
                json: try members.json("angle"), of: "'angle' of \(context)",
                words: ["any": ShapeRange.anyAngle])
        }
        switch present[0] {
        case "disk":
            self = .disk(
                radius: try range(try Members(inner, of: context, required: ["radius"]), "radius"))
        case "ellipse":
            let members = try Members(inner, of: context, required: ["radii"], optional: ["angle"])
            let radii = try pair(members, "radii")
            self = .ellipse(down: radii.0, across: radii.1, angle: try angle(members))
        case "rectangle":
            let members = try Members(inner, of: context, required: ["halves"], optional: ["angle"])
            let halves = try pair(members, "halves")
            self = .rectangle(down: halves.0, across: halves.1, angle: try angle(members))
        case "ring":
            let members = try Members(inner, of: context, required: ["outer", "inner"])
            self = .ring(outer: try range(members, "outer"), inner: try range(members, "inner"))
        default:
            let members = try Members(inner, of: context, required: ["corners", "radius"])
            let corners: ClosedRange<Int>
            if let count = try members.json("corners").int {
                corners = count...count
            } else {
                let bounds = try Members(
                    try members.json("corners"), of: "'corners' of \(context)",
                    required: ["from", "to"])
                let (from, to) = (try bounds.int("from"), try bounds.int("to"))
                guard from <= to else {
                    throw SamplingError(
                        .design, "'corners' of \(context) from \(from) to \(to) " + "hold nothing")
                }
                corners = from...to
            }
            self = .polygon(corners: corners, radius: try range(members, "radius"))
        }
    }
}
