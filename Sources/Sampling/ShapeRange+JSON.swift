package import Documents
internal import Fields

extension ShapeRange {
    /// Reads the members `radius` and `shapes` of a design or of a pipeline's sampling, of which
    /// one must be there.
    ///
    /// - Throws: `SamplingError` with code `.document` where both are there or none, or one is not
    ///   of its form.
    package static func alternatives(radius: JSON?, shapes: JSON?) throws(SamplingError)
        -> [ShapeRange]
    {
        switch (radius, shapes) {
        case (let radius?, nil):
            return [.disk(radius: try ParameterRange(json: radius, of: "the radius"))]
        case (nil, let shapes?):
            guard let list = shapes.array else {
                throw SamplingError(.document, "'shapes' is not a list of shapes")
            }
            return try list.map { (json) throws(SamplingError) in try ShapeRange(json: json) }
        default:
            throw SamplingError(
                .document, "there must be either 'radius' or 'shapes', and not both")
        }
    }

    /// An object whose one member names the form.
    package var json: JSON {
        switch self {
        case .measured(let form, let ranges):
            var rest = ranges[...]
            var object: [String: JSON] = [:]
            for member in form.members {
                let values = rest.prefix(member.count)
                rest = rest.dropFirst(member.count)
                object[member.key] =
                    switch member {
                    case .length: values.first?.json
                    case .lengths: .array(values.map(\.json))
                    case .angle:
                        values.first == ShapeRange.anyAngle ? .string("any") : values.first?.json
                    }
            }
            return .object([form.name: .object(object)])
        case .polygon(let corners, let radius):
            let count: JSON =
                corners.count == 1
                ? .integer(corners.lowerBound)
                : .object([
                    "from": .integer(corners.lowerBound), "to": .integer(corners.upperBound),
                ])
            return .object([
                Polygon.name: .object(["corners": count, "radius": radius.json])
            ])
        }
    }

    /// Reads what `json` writes; an angle may also be the word `any`, and is 0 where it is left
    /// out. Ranges are checked by `Design`.
    ///
    /// - Throws: `SamplingError` with code `.document` where a member is unknown, missing or of the
    ///   wrong type.
    init(json: JSON) throws(SamplingError) {
        let names = Shape.forms.map { $0.name }
        let members = try Members(json, of: "a shape", required: [], optional: names)
        let present = Shape.forms.filter { members.has($0.name) }
        guard present.count == 1 else {
            throw SamplingError(
                .document, "a shape has \(present.count) members, it needs one of \(names)")
        }
        let inner = try members.json(present[0].name)
        let context = "the shape '\(present[0].name)'"
        if let form = present[0] as? any MeasuredForm.Type {
            self = .measured(form, try ShapeRange.ranges(of: form, inner, context))
        } else {
            self = try ShapeRange.polygon(inner, context)
        }
    }

    /// Reads the ranges of a form's parameters.
    private static func ranges(
        of form: any MeasuredForm.Type, _ json: JSON, _ context: String
    ) throws(SamplingError) -> [ParameterRange] {
        let members = try Members(
            json, of: context, required: form.keys.required, optional: form.keys.optional)
        var ranges: [ParameterRange] = []
        for member in form.members {
            let name = "'\(member.key)' of \(context)"
            switch member {
            case .length(let key):
                ranges.append(try ParameterRange(json: try members.json(key), of: name))
            case .lengths(let key):
                let values = try members.array(key)
                guard values.count == 2 else {
                    throw SamplingError(.document, "\(name) is not a pair")
                }
                for value in values { ranges.append(try ParameterRange(json: value, of: name)) }
            case .angle:
                guard let angle = members.optional(member.key) else {
                    ranges.append(ParameterRange(0))
                    continue
                }
                ranges.append(
                    try ParameterRange(json: angle, of: name, words: ["any": anyAngle]))
            }
        }
        return ranges
    }

    /// Reads what polygons are drawn from.
    private static func polygon(_ json: JSON, _ context: String) throws(SamplingError)
        -> ShapeRange
    {
        let members = try Members(json, of: context, required: ["corners", "radius"])
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
                    .design, "'corners' of \(context) from \(from) to \(to) hold nothing")
            }
            corners = from...to
        }
        return .polygon(
            corners: corners,
            radius: try ParameterRange(
                json: try members.json("radius"), of: "'radius' of \(context)"))
    }
}
