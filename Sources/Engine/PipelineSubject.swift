internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline
internal import Sampling
internal import Solving

/// Draws and solves the samples of a pipeline, of which training has no end.
final class PipelineSubject: EngineSubject {
    private let pipeline: PipelineFile
    let stream: SampleStream
    private let source: LabelSource

    /// Reads the definition: the pipeline's text.
    init(_ request: JSON) throws {
        let members = try Members(
            request, of: "a definition", required: ["do", "name", "what", "text", "path"])
        let path = try members.string("path")
        pipeline = try PipelineFile(text: try members.string("text"), path: path)
        guard let design = pipeline.design else {
            throw EngineError(
                .data,
                "\(path): has no 'sampling', so there is nothing to draw: a stream needs one")
        }
        try design.checkContrast()
        stream = SampleStream(design, split: pipeline.split)
        source = LabelSource(physics: design.physics, accuracy: pipeline.accuracy)
    }

    var description: JSON {
        let design = stream.design
        var members = source.members
        members["name"] = .string(pipeline.name)
        members["tolerance"] = .number(pipeline.accuracy.tolerance)
        members["grid_bits"] = pipeline.accuracy.gridBits.map(JSON.integer) ?? .null
        members["method"] = .string(pipeline.accuracy.method.rawValue)
        members["strata"] = .array(design.strata.map(JSON.integer))
        members["counts"] = .array(design.counts.map(JSON.integer))
        members["limits"] = .array(
            design.strata.indices.map { stream.limit(stratum: $0).map(JSON.integer) ?? .null })
        members["split"] = pipeline.split.json
        return .object(members)
    }

    func answer(_ task: String, _ request: JSON, _ client: EngineClient) throws -> JSON {
        if task == "choose" { return try choose(request) }
        if task == "learn" { return try learn(request) }
        guard task == "draw" || task == "stream" else { throw unknown(task) }
        let members = try Members(
            request, of: "a request", required: ["do", "with", "part", "ranks"],
            optional: task == "stream" ? ["into", "digests"] : [])
        let part = try members.get("part", "'train', 'validation' or 'test'") {
            $0.string.flatMap(Split.Part.init)
        }
        let places = try FieldPlaces(
            members.optional("into") ?? .object([:]), coefficients: source.coefficients,
            lattice: source.physics.lattice)
        let digests = members.optional("digests")?.bool ?? false
        let answers = try client.map(try members.array("ranks")) { number, json in
            guard let rank = json.int else {
                throw EngineError(.usage, "a rank is not a whole number")
            }
            guard let sample = try stream.sample(part, rank: rank) else { return JSON.null }
            var answer = told(of: sample, rank: rank)
            guard task == "stream" else { return .object(answer) }
            let label = try source.solve(
                sample.configuration, into: places.sample(number), digests: digests,
                client.memory)
            guard label.solution.isCertified else { return .null }
            answer["error_bound"] = .number(label.solution.errorBound)
            answer["contrast"] = source.contrast(of: sample.configuration)
            if let digest = label.digest { answer["sha256"] = .string(digest.description) }
            return .object(answer)
        }
        return .object(["samples": .array(answers)])
    }

    private func told(of sample: ListedConfiguration, rank: Int) -> [String: JSON] {
        let configuration = sample.configuration
        return [
            "id": .string(sample.id.description), "rank": .integer(rank),
            "n_sources": .integer(configuration.sources.count), "index": .integer(sample.index),
            "rows": GivenSample.rows(of: configuration.sources),
            "keys": .array(
                stream.design.physics.keys(of: configuration.physics).map { .integer(Int($0)) }),
        ]
    }
}
