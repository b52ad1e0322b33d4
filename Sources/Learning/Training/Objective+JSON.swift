package import Documents
internal import Fields

extension PointwiseLoss {
    /// Reads `{kind, delta}`.
    init(json: JSON) throws(LearningError) {
        let kind = json["kind"]?.string ?? ""
        if kind == "mae" || kind == "mse" {
            guard json["delta"] == nil else {
                throw LearningError(.training, "the loss '\(kind)' has no delta: leave it out")
            }
            self = kind == "mae" ? .mae : .mse
            return
        }
        guard let delta = json["delta"]?.double, delta > 0 else {
            throw LearningError(.training, "the loss '\(kind)' needs a delta above 0")
        }
        switch kind {
        case "huber": self = .huber(delta: delta)
        case "inverse-huber": self = .inverseHuber(delta: delta)
        case "inverse-huber-released": self = .inverseHuberReleased(delta: delta)
        default: throw LearningError(.training, "there is no loss '\(kind)'")
        }
    }

    package var json: JSON {
        func form(_ kind: String, _ delta: Double) -> JSON {
            .object(["kind": .string(kind), "delta": .number(delta)])
        }
        return switch self {
        case .mae: .object(["kind": .string("mae")])
        case .mse: .object(["kind": .string("mse")])
        case .huber(let delta): form("huber", delta)
        case .inverseHuber(let delta): form("inverse-huber", delta)
        case .inverseHuberReleased(let delta): form("inverse-huber-released", delta)
        }
    }
}

extension Prefactor {
    static func exponential(json: JSON) throws(LearningError) -> Prefactor {
        let members = try Members(
            json, of: "the prefactor 'exponential'", required: ["scale", "of"])
        return .exponential(scale: try members.double("scale"), of: try members.word("of"))
    }

    static func step(json: JSON) throws(LearningError) -> Prefactor {
        let members = try Members(json, of: "the prefactor 'step'", required: ["a", "b"])
        return .step(a: try members.double("a"), b: try members.double("b"))
    }

    /// The members of an object that names the prefactor.
    var members: [String: JSON] {
        switch self {
        case .none: [:]
        case .exponential(let scale, let of):
            ["exponential": .object(["scale": .number(scale), "of": .string(of.rawValue)])]
        case .step(let a, let b): ["step": .object(["a": .number(a), "b": .number(b)])]
        }
    }

    /// A word for a line of metrics.
    package var name: String {
        switch self {
        case .none: "none"
        case .exponential: "exponential"
        case .step: "step"
        }
    }
}

extension PrefactorPlan {
    /// Reads `none`, or an object with one of `exponential`, `step`, `toggle`, `draw`.
    init(json: JSON) throws(LearningError) {
        if json == .string("none") {
            self = .always(.none)
            return
        }
        let forms = try Members(
            json, of: "train.prefactor", required: [],
            optional: ["exponential", "step", "toggle", "draw"])
        func both(_ form: String, _ key: String) throws(LearningError) -> (
            members: Members, exponential: Prefactor, step: Prefactor
        ) {
            let members = try Members(
                try forms.json(form), of: "the prefactor '\(form)'",
                required: [key, "exponential", "step"])
            return (
                members, try .exponential(json: try members.json("exponential")),
                try .step(json: try members.json("step"))
            )
        }
        if forms.has("toggle") {
            let form = try both("toggle", "every")
            self = .toggle(
                every: try form.members.int("every"), exponential: form.exponential,
                step: form.step)
        } else if forms.has("draw") {
            let form = try both("draw", "step_probability")
            self = .draw(
                stepProbability: try form.members.double("step_probability"),
                exponential: form.exponential, step: form.step)
        } else if forms.has("step") {
            self = .always(try .step(json: try forms.json("step")))
        } else {
            self = .always(try .exponential(json: try forms.json("exponential")))
        }
    }

    package var json: JSON {
        switch self {
        case .always(.none): .string("none")
        case .always(let prefactor): .object(prefactor.members)
        case .toggle(let every, let exponential, let step):
            .object([
                "toggle": .object(
                    ["every": .integer(every)].merging(exponential.members) { $1 }.merging(
                        step.members
                    ) { $1 })
            ])
        case .draw(let probability, let exponential, let step):
            .object([
                "draw": .object(
                    ["step_probability": .number(probability)].merging(exponential.members) { $1 }
                        .merging(step.members) { $1 })
            ])
        }
    }
}

extension LabelTransform {
    /// Reads `none`, `sqrt`, `log10`, `{log10: {floor}}` or `{power: {exponent}}`.
    package init(json: JSON) throws(LearningError) {
        if json == .string("log10") {
            let form = JSON.object(["transform": .object(["log10": .object([:])])])
            try self.init(json: Schema.filled(form, by: "training")["transform"] ?? .null)
        } else if let form = json["power"] {
            guard let exponent = form["exponent"]?.double, exponent > 0, exponent.isFinite else {
                throw LearningError(.training, "the transform 'power' needs an exponent above 0")
            }
            self = .power(exponent: exponent)
        } else if json["log10"] != nil {
            guard let floor = json["log10"]?["floor"]?.double, floor >= 1e-300, floor < 1 else {
                throw LearningError(
                    .training,
                    "the floor of the transform 'log10' must be from 1e-300 to below 1")
            }
            self = .log10(floor: floor)
        } else {
            switch json.string {
            case "none": self = .none
            case "sqrt": self = .sqrt
            default: throw LearningError(.training, "there is no transform \(json.canonicalText)")
            }
        }
    }

    /// The transform as `init(json:)` reads it.
    package var json: JSON {
        switch self {
        case .none: .string("none")
        case .sqrt: .string("sqrt")
        case .log10(let floor): .object(["log10": .object(["floor": .number(floor)])])
        case .power(let exponent): .object(["power": .object(["exponent": .number(exponent)])])
        }
    }
}
