public import Documents
internal import Fields

extension TrainingDescription {
    /// Reads the block `train` of a pipeline, or `parameters` of a training's manifest: a JSON
    /// object that its schema has accepted. A `code` sets what its row of the paper's tables says,
    /// other keys override it, and those that are missing have the schema's defaults.
    ///
    /// - Throws: `LearningError` with code `.training` where a code is unknown, a member is
    ///   missing, unknown or of the wrong type, or keys contradict each other.
    public init(json: JSON) throws(LearningError) {
        let json = Schema.filled(try ModelCode.resolved(json), by: "training")
        let members = try Members(
            json, of: "train",
            required: [
                "batch", "best_by", "early_stop", "epochs", "judge", "label_noise", "loss", "model",
                "optimiser", "prefactor", "schedule", "seed", "selection", "transform",
                "warm_up_epochs",
            ], optional: ["samples_per_epoch", "curation"])
        let network = try Members(
            try members.json("model"), of: "train.model", required: ["kind", "width", "dropout"])
        self.init()
        model = Model(
            kind: try network.word("kind"), width: try network.double("width"),
            dropout: try network.double("dropout"))
        selection = try members.string("selection")
        samplesPerEpoch = try members.optionalInt("samples_per_epoch")
        guard (samplesPerEpoch == nil) == (selection != TrainingDescription.endless) else {
            throw LearningError(
                .training,
                "samples_per_epoch is said where selection is '\(TrainingDescription.endless)', "
                    + "and only there")
        }
        curation = try members.optional("curation").map(OnlineCuration.init(json:))
        guard curation == nil || samplesPerEpoch != nil else {
            throw LearningError(
                .training,
                "curation is said where selection is '\(TrainingDescription.endless)', and only "
                    + "there: 'rounds' curates a dataset")
        }
        judge = try members.word("judge")
        bestBy = try members.word("best_by")
        loss = try PointwiseLoss(json: try members.json("loss"))
        prefactor = try PrefactorPlan(json: try members.json("prefactor"))
        transform = try LabelTransform(json: try members.json("transform"))
        labelNoise = try members.double("label_noise")
        optimiser = try AdamOptions(json: try members.json("optimiser"))
        schedule = try TrainingDescription.schedule(try members.json("schedule"))
        warmUpEpochs = try members.double("warm_up_epochs")
        batch = try members.int("batch")
        epochs = try members.int("epochs")
        earlyStop = try members.optionalInt("early_stop")
        seed = try members.get("seed", "an integer from 0 to 4294967295") {
            $0.int.flatMap(UInt32.init(exactly:))
        }
        guard warmUpEpochs <= Double(epochs) else {
            throw LearningError(
                .training, "warm_up_epochs is \(warmUpEpochs), but there are only \(epochs) epochs")
        }
        guard earlyStop == nil || judge != .none else {
            throw LearningError(
                .training,
                "early_stop needs a part that judges: set judge to validation or test")
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
        var endless: [String: JSON] = [:]
        endless["samples_per_epoch"] = samplesPerEpoch.map(JSON.integer)
        endless["curation"] = curation?.json
        let members: [String: JSON] = [
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
        ]
        return .object(members.merging(endless) { $1 })
    }

    private static func schedule(_ json: JSON) throws(LearningError) -> LearningRate.Shape {
        if json == .string("constant") { return .constant }
        let form = try Members(json, of: "train.schedule", required: ["cosine"])
        let cosine = try Members(
            try form.json("cosine"), of: "train.schedule.cosine", required: ["final"])
        return .cosine(final: try cosine.double("final"))
    }

    private var scheduleJSON: JSON {
        switch schedule {
        case .constant: .string("constant")
        case .cosine(let final): .object(["cosine": .object(["final": .number(final)])])
        }
    }
}

extension AdamOptions {
    init(json: JSON) throws(LearningError) {
        let members = try Members(
            json, of: "train.optimiser",
            required: [
                "learning_rate", "beta1", "beta2", "epsilon", "weight_decay", "clip_norm",
            ])
        self.init(
            learningRate: try members.double("learning_rate"), beta1: try members.double("beta1"),
            beta2: try members.double("beta2"), epsilon: try members.double("epsilon"),
            weightDecay: try members.double("weight_decay"),
            clipNorm: try members.json("clip_norm") == .null
                ? nil : try members.double("clip_norm"))
    }

    var json: JSON {
        .object([
            "learning_rate": .number(learningRate), "beta1": .number(beta1),
            "beta2": .number(beta2), "epsilon": .number(epsilon),
            "weight_decay": .number(weightDecay), "clip_norm": clipNorm.map(JSON.number) ?? .null,
        ])
    }
}

extension JSONMembers where Failure == LearningError {
    /// The member `key` as one of the words of a type.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) throws(LearningError)
        -> Word
    {
        let text = try string(key)
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw LearningError(.training, "\(key) is '\(text)'; there are \(known)")
        }
        return word
    }
}
