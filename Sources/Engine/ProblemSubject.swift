internal import Datasets
internal import Documents
internal import Fields
internal import Shards
internal import Solving

/// Solves configurations that the client gives, and judges and repairs predictions of them.
final class ProblemSubject: EngineSubject {
    private let source: LabelSource
    private var lattice: Lattice { source.physics.lattice }

    /// Reads the definition. Of the physics, what is left out has the default.
    init(_ request: JSON) throws {
        let members = try Members(
            request, of: "a definition",
            required: ["do", "name", "what", "physics", "tolerance", "grid_bits"],
            optional: ["method"])
        let physics = try Physics(
            json: Schema.filled(try members.json("physics"), by: "physics"))
        var accuracyMembers = [
            "tolerance": try members.json("tolerance"), "grid_bits": try members.json("grid_bits"),
        ]
        accuracyMembers["method"] = members.optional("method")
        let accuracy = try Accuracy(.object(accuracyMembers), "the accuracy")
        guard accuracy.solverShare > 0 else {
            throw EngineError(
                .data,
                "rounding to multiples of 2^-\(accuracy.gridBits ?? 24) alone may exceed the "
                    + "tolerance of \(accuracy.tolerance): raise the tolerance or the bits of the "
                    + "grid")
        }
        if let objection = accuracy.method.objection(to: physics) {
            throw EngineError(.data, accuracy.method.words(objection))
        }
        source = LabelSource(physics: physics, accuracy: accuracy)
    }

    var description: JSON { .object(source.members) }

    func answer(_ task: String, _ request: JSON, _ client: EngineClient) throws -> JSON {
        switch task {
        case "solve": try solve(request, client)
        case "judge": try judge(request, client.memory)
        case "repair": try repair(request, client.memory)
        default: throw unknown(task)
        }
    }

    private func solve(_ request: JSON, _ client: EngineClient) throws -> JSON {
        let members = try Members(
            request, of: "a request", required: ["do", "with", "samples"],
            optional: ["into", "digests"])
        let places = try FieldPlaces(
            members.optional("into") ?? .object([:]), coefficients: source.coefficients,
            lattice: lattice)
        let digests = members.optional("digests")?.bool ?? false
        let answers = try client.map(try members.array("samples")) { number, json in
            let sample = try GivenSample(json, of: source.physics)
            let places = places.sample(number)
            var answer: [String: JSON] = [
                "id": .string(sample.configuration.id.description),
                "rows": GivenSample.rows(of: sample.configuration.sources),
            ]
            // Coefficients alone need no solution.
            guard places.hasFields || digests || sample.isKnown || !members.has("into") else {
                try source.putCoefficients(
                    of: sample.configuration, into: places, client.memory)
                return JSON.object(answer)
            }
            let label = try source.solve(
                sample.configuration, into: places, digests: digests || sample.digest != nil,
                client.memory)
            try sample.check(label)
            answer["error_bound"] = .finite(label.solution.errorBound)
            answer["contrast"] = source.contrast(of: sample.configuration)
            answer["is_certified"] = .bool(label.solution.isCertified)
            answer["method"] = .string(label.solution.method.rawValue)
            if digests, let digest = label.digest {
                answer["sha256"] = .string(digest.description)
            }
            return JSON.object(answer)
        }
        return .object(["samples": .array(answers)])
    }

    private func judge(_ request: JSON, _ memory: SharedMemory) throws -> JSON {
        let members = try Members(
            request, of: "a request", required: ["do", "with", "sample", "field", "cycles"],
            optional: ["into"])
        let sample = try GivenSample(try members.json("sample"), of: source.physics)
        let cycles = try members.int("cycles")
        guard (0...1000).contains(cycles) else {
            throw EngineError(.data, "\(cycles) cycles are not possible: 0 to 1000 are")
        }
        let into = try Members(
            members.optional("into") ?? .object([:]), of: "'into'", required: [],
            optional: ["residual", "error"])
        let estimate = source.judge(
            try prediction(try members.int("field"), memory), of: sample.configuration,
            cycles: cycles)
        if let place = try into.optionalInt("residual") {
            try memory.put(estimate.residual, at: place)
        }
        if let place = try into.optionalInt("error") {
            try memory.put(estimate.estimatedError, at: place)
        }
        return .object([
            "error_bound": .finite(estimate.errorBound),
            "largest_residual": .finite(estimate.largestResidual),
        ])
    }

    private func repair(_ request: JSON, _ memory: SharedMemory) throws -> JSON {
        let members = try Members(
            request, of: "a request", required: ["do", "with", "sample", "field", "tolerance"])
        let sample = try GivenSample(try members.json("sample"), of: source.physics)
        let tolerance = try members.double("tolerance")
        guard tolerance >= FieldRepair.smallestTolerance, tolerance <= 1 else {
            throw EngineError(
                .data,
                "a tolerance of \(tolerance) is not possible: \(FieldRepair.smallestTolerance) "
                    + "to 1 is")
        }
        let place = try members.int("field")
        var field = try prediction(place, memory)
        let repair = source.repair(&field, of: sample.configuration, tolerance: tolerance)
        if repair.outcome == .repaired { try memory.put(field, at: place) }
        return .object([
            "outcome": .string(repair.outcome.rawValue),
            "error_bound": .finite(repair.errorBound), "given_bound": .finite(repair.givenBound),
            "cycles": .integer(repair.cycles),
        ])
    }

    /// The prediction at `place`, of finite numbers.
    private func prediction(_ place: Int, _ memory: SharedMemory) throws -> [Float] {
        let field = try memory.floats(at: place, count: lattice.count)
        if let site = field.firstIndex(where: { !$0.isFinite }) {
            throw EngineError(
                .data,
                "the prediction has a value that is no finite number, at row "
                    + "\(site / lattice.columns), column \(site % lattice.columns)")
        }
        return field
    }
}
