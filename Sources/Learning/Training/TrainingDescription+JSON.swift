public import Documents
internal import Fields

extension TrainingDescription {
    /// Reads the block `train` of a pipeline, or `parameters` of a training's manifest: a JSON
    /// object that its schema has accepted. A `code` sets what its row of the paper's tables says,
    /// and other keys override it.
    ///
    /// - Throws: `LearningError` with code `.training` where a code is unknown, or keys contradict
    ///   each other.
    public init(json: JSON) throws(LearningError) {
        self.init()
        if let name = json["code"]?.string { self = try ModelCode(named: name).training }
        let reader = TrainingReader(json)
        if let model = json["model"] {
            let members = TrainingReader(model)
            try members.choice("kind", into: &self.model.kind)
            members.number("width", into: &self.model.width)
            members.number("dropout", into: &self.model.dropout)
        }
        if let text = json["selection"]?.string { selection = text }
        try reader.choice("judge", into: &judge)
        if let json = json["loss"] { loss = try PointwiseLoss(json: json) }
        if let json = json["prefactor"] { prefactor = try PrefactorPlan(json: json) }
        if let json = json["transform"] { transform = try LabelTransform(json: json) }
        reader.number("label_noise", into: &labelNoise)
        if let json = json["optimiser"] { optimiser.read(json) }
        if let json = json["schedule"] {
            schedule = json["cosine"].map { .cosine(final: $0["final"]?.double ?? 0) } ?? .constant
        }
        reader.number("warm_up_epochs", into: &warmUpEpochs)
        reader.integer("batch", into: &batch)
        reader.integer("epochs", into: &epochs)
        if let stop = json["early_stop"] { earlyStop = stop.int }
        if let seed = json["seed"]?.int { self.seed = UInt32(clamping: seed) }
        // Losses of different prefactors cannot be compared.
        bestBy = prefactor.alternates ? .mae : .loss
        try reader.choice("best_by", into: &bestBy)
        guard warmUpEpochs <= Double(epochs) else {
            throw LearningError(
                .training, "warm_up_epochs is \(warmUpEpochs), but there are only \(epochs) epochs")
        }
        guard earlyStop == nil || judge != .none else {
            throw LearningError(
                .training,
                "early_stop needs a part that judges: set judge to " + "validation or test")
        }
        guard !(prefactor.alternates && bestBy == .loss && judge != .none) else {
            throw LearningError(
                .training,
                "best_by is loss, but the prefactor changes from epoch to epoch, so that losses "
                    + "cannot be compared: set best_by to mae")
        }
    }

    /// The description with every key, in one form for equal trainings: the parameters of a
    /// training's manifest.
    public var json: JSON {
        .object([
            "model": .object([
                "kind": .string(model.kind.rawValue), "width": .number(model.width),
                "dropout": .number(model.dropout),
            ]), "selection": .string(selection), "judge": .string(judge.rawValue),
            "best_by": .string(bestBy.rawValue), "loss": loss.json, "prefactor": prefactor.json,
            "transform": transform.json, "label_noise": .number(labelNoise),
            "optimiser": optimiser.json, "schedule": scheduleJSON,
            "warm_up_epochs": .number(warmUpEpochs), "batch": .integer(batch),
            "epochs": .integer(epochs), "early_stop": earlyStop.map(JSON.integer) ?? .null,
            "seed": .integer(Int(seed)),
        ])
    }

    private var scheduleJSON: JSON {
        switch schedule {
        case .constant: .string("constant")
        case .cosine(let final): .object(["cosine": .object(["final": .number(final)])])
        }
    }
}

extension AdamOptions {
    mutating func read(_ json: JSON) {
        let reader = TrainingReader(json)
        reader.number("learning_rate", into: &learningRate)
        reader.number("beta1", into: &beta1)
        reader.number("beta2", into: &beta2)
        reader.number("epsilon", into: &epsilon)
        reader.number("weight_decay", into: &weightDecay)
        if let limit = json["clip_norm"] { clipNorm = limit.double }
    }

    var json: JSON {
        .object([
            "learning_rate": .number(learningRate), "beta1": .number(beta1),
            "beta2": .number(beta2), "epsilon": .number(epsilon),
            "weight_decay": .number(weightDecay), "clip_norm": clipNorm.map(JSON.number) ?? .null,
        ])
    }
}

/// Members of an object that a schema has accepted; those that are missing keep their defaults.
struct TrainingReader {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    func number(_ key: String, into value: inout Double) {
        if let number = json[key]?.double { value = number }
    }

    func integer(_ key: String, into value: inout Int) {
        if let number = json[key]?.int { value = number }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, into value: inout Choice)
        throws(LearningError) where Choice.RawValue == String
    {
        guard let text = json[key]?.string else { return }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw LearningError(.training, "\(key) is '\(text)'; there are \(known)")
        }
        value = choice
    }
}
