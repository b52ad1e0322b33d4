internal import Documents

extension GaussianCoefficient {
    /// Names of the forms in documents.
    static let forms = ["lognormal", "two_valued"]

    /// An object whose one member is `lognormal` or `two_valued`.
    var json: JSON {
        var members: [String: JSON] = ["covariance": covariance.json]
        if let key { members["key"] = .integer(Int(key)) }
        switch values {
        case .lognormal(let median, let variance, let contrast):
            members["median"] = .number(median)
            members["variance"] = .number(variance)
            members["contrast"] = .object([
                "from": .number(contrast.lowerBound), "to": .number(contrast.upperBound),
            ])
            return .object(["lognormal": .object(members)])
        case .twoValued(let below, let above):
            members["below"] = .number(below)
            members["above"] = .number(above)
            return .object(["two_valued": .object(members)])
        }
    }

    /// Reads the member that `json` writes under the name `form`.
    init(json: JSON, form: String, of name: String) throws(ConfigurationError) {
        let isLognormal = form == "lognormal"
        let members = try Members(
            json, of: "'\(name)'",
            required: isLognormal
                ? ["median", "variance", "covariance", "contrast"]
                : ["below", "above", "covariance"], optional: ["key"])
        let covariance = try GaussianCovariance(
            json: try members.json("covariance"), of: "\(name).covariance")
        let values: Values
        if isLognormal {
            let range = try Members(
                try members.json("contrast"), of: "'\(name).contrast'", required: ["from", "to"])
            let (from, to) = (try range.double("from"), try range.double("to"))
            guard from <= to else {
                throw ConfigurationError(
                    .physics, "\(name): a contrast from \(from) to \(to) is not possible")
            }
            values = .lognormal(
                median: try members.double("median"), variance: try members.double("variance"),
                contrast: from...to)
        } else {
            values = .twoValued(
                below: try members.double("below"), above: try members.double("above"))
        }
        self.init(values: values, covariance: covariance, key: try Coefficient.key(members))
    }
}

extension GaussianCovariance {
    /// An object whose one member is a kernel's name or `spectral`.
    var json: JSON {
        switch self {
        case .kernel(let kernel, let length):
            .object([kernel.rawValue: .object(["length": .number(length)])])
        case .spectral(let tau, let alpha):
            .object(["spectral": .object(["tau": .number(tau), "alpha": .number(alpha)])])
        }
    }

    /// Reads what `json` writes.
    init(json: JSON, of name: String) throws(ConfigurationError) {
        let kernels = Kernel.allCases.map(\.rawValue)
        let form = try Members(
            json, of: "'\(name)'", required: [], optional: kernels + ["spectral"])
        let present = (kernels + ["spectral"]).filter(form.has)
        guard present.count == 1 else {
            throw ConfigurationError(
                .document,
                "'\(name)' is not an object with one of 'exponential', 'cubic', 'gaussian', "
                    + "'spectral'")
        }
        let inner = try form.json(present[0])
        let context = "'\(name).\(present[0])'"
        guard let kernel = Kernel(rawValue: present[0]) else {
            let members = try Members(inner, of: context, required: ["tau", "alpha"])
            self = .spectral(tau: try members.double("tau"), alpha: try members.double("alpha"))
            return
        }
        let members = try Members(inner, of: context, required: ["length"])
        self = .kernel(kernel, length: try members.double("length"))
    }
}
