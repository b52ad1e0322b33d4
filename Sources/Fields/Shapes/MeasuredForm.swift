package import Documents

/// A form with one to three parameters, of which a design may give each as a range.
package protocol MeasuredForm: ShapeForm {
    /// The members of the form's JSON, in the order of the parameters.
    static var members: [ShapeMember] { get }

    /// Why forms with parameters between these bounds need not all be possible, or nil; that
    /// lengths are from 0 to `ShapeLimits.maximumExtent` and angles below 180 is known.
    static func refusal(from least: [Double], to most: [Double]) -> String?
    /// The largest distances of a site of forms with parameters up to `most`, down and across;
    /// angles are 0 unless `isTurned`.
    static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
}

/// A member of a form's JSON: one parameter, or several in an array.
package enum ShapeMember: Hashable, Sendable {
    /// A length in sites.
    case length(String)
    /// Two lengths, down and across.
    case lengths(String)
    /// `angle`, in degrees; 0 where it is left out.
    case angle

    /// The key.
    package var key: String {
        switch self {
        case .length(let key), .lengths(let key): key
        case .angle: "angle"
        }
    }

    /// Number of parameters.
    package var count: Int { if case .lengths = self { 2 } else { 1 } }
}

extension MeasuredForm {
    /// Number of parameters.
    package static var parameterCount: Int { members.reduce(0) { $0 + $1.count } }

    /// Of each parameter, whether it is an angle.
    package static var angles: [Bool] {
        members.flatMap { repeatElement($0 == .angle, count: $0.count) }
    }

    /// Keys that the form's JSON must have, and those that it may have.
    package static var keys: (required: [String], optional: [String]) {
        (
            members.filter { $0 != .angle }.map(\.key),
            members.contains(.angle) ? [ShapeMember.angle.key] : []
        )
    }

    /// The form with parameters of which there are as many as it has.
    init(_ parameters: [Double]) {
        guard let form = Self(parameters: parameters) else {
            preconditionFailure("\(Self.name) has \(Self.parameterCount) parameters")
        }
        self = form
    }

    package var json: JSON {
        var rest = parameters[...]
        var object: [String: JSON] = [:]
        for member in Self.members {
            let values = rest.prefix(member.count).map(JSON.number)
            rest = rest.dropFirst(member.count)
            object[member.key] = values.count == 1 ? values[0] : .array(values)
        }
        return .object(object)
    }

    package init(json: JSON, of context: String) throws(ConfigurationError) {
        let object = try Members(
            json, of: context, required: Self.keys.required, optional: Self.keys.optional)
        var parameters: [Double] = []
        for member in Self.members {
            switch member {
            case .length(let key): parameters.append(try object.double(key))
            case .lengths(let key): parameters += try object.doubles(key, count: 2)
            case .angle: parameters.append(try object.optionalDouble("angle") ?? 0)
            }
        }
        self.init(parameters)
    }

    package static func refusal(from least: [Double], to most: [Double]) -> String? { nil }
}

/// Angles of forms, in degrees.
enum ShapeAngle {
    /// Why an angle is not possible, or nil.
    static func refusal(_ angle: Double) -> String? {
        angle >= 0 && angle < 180 ? nil : "the angle \(angle) must be from 0 to below 180 degrees"
    }

    /// The angle of the copy of a form that was turned by `angle`, where an exchange of rows and
    /// columns exchanges what lies along its axes.
    static func copy(of angle: Double, isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool)
        -> Double
    {
        // An odd number of reflections turns the other way round.
        let isMirrored = isTransposed != (flipsRows != flipsColumns)
        let mirrored = 180 - angle
        return !isMirrored ? angle : mirrored < 180 ? mirrored : 0
    }
}
