internal import ArgumentParser
internal import Fields
internal import Learning
internal import Pipeline

/// What a person on a terminal is asked where no option says it. An empty answer takes the value in
/// brackets.
struct Questions {
    /// Asks for what pipelines differ in.
    ///
    /// - Throws: `ValidationError` where the answers end early.
    func newPipeline() throws -> NewPipeline.Options {
        var options = NewPipeline.Options()
        let lattice: LatticeArgument = try ask("Sites, as 512 or 96x128", "512")
        options.lattice = lattice.sides
        let strata: StrataArgument = try ask("Numbers of sources, as 3 or 1-20", "1-20")
        options.strata = strata.numbers
        let count = strata.numbers.count
        let samples: Multiple = try ask("Samples, a multiple of \(count)", "\(20 * count)") {
            $0.number > 0 && $0.number.isMultiple(of: count)
        }
        options.samples = samples.number
        options.boundary = try choose("Sides", SideCondition.absorbing)
        options.sources = try choose("Sources", SourceModel.pinned)
        options.medium = try choose("Diffusivity", NewPipeline.Medium.constant)
        let model: ModelChoice = try ask("Train a model: \(ModelChoice.names)", "none")
        options.model = model.kind
        guard model.kind != nil else { return options }
        let rounds: Multiple = try ask("Rounds in which it chooses what to learn next", "0") {
            (0...1000).contains($0.number)
        }
        options.rounds = rounds.number
        return options
    }

    private func choose<Value>(_ question: String, _ value: Value) throws -> Value
    where Value: ExpressibleByArgument & CaseIterable & RawRepresentable<String> {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return try ask("\(question): \(names)", value.rawValue)
    }

    /// Asks until the answer is one.
    private func ask<Value: ExpressibleByArgument>(
        _ question: String, _ value: String, where isFine: (Value) -> Bool = { _ in true }
    ) throws -> Value {
        while true {
            Terminal.note("\(question) [\(value)] ")
            guard let line = readLine() else {
                throw ValidationError("the answers ended: nothing was written")
            }
            let words = line.split(separator: " ").joined(separator: " ")
            if let answer = Value(argument: words.isEmpty ? value : words), isFine(answer) {
                return answer
            }
            Terminal.note("'\(words)' is no answer to that.\n")
        }
    }

    /// A number of samples or rounds.
    private struct Multiple: ExpressibleByArgument {
        let number: Int

        init?(argument: String) {
            guard let number = Int(argument) else { return nil }
            self.number = number
        }
    }

    /// A model, or none.
    private struct ModelChoice: ExpressibleByArgument {
        static let names =
            (["none"] + ModelDescription.Kind.allCases.map(\.rawValue)).joined(separator: ", ")
        let kind: ModelDescription.Kind?

        init?(argument: String) {
            kind = ModelDescription.Kind(rawValue: argument)
            if kind == nil, argument != "none" { return nil }
        }
    }
}
