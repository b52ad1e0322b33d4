package import Documents
internal import Fields

/// What one epoch of a training came to; a line of `metrics.jsonl`.
package struct EpochMetrics: Hashable, Sendable {
    /// The number of the epoch, from 1.
    package var epoch: Int
    /// Steps so far.
    package var steps: Int
    /// The learning rate of its last step.
    package var learningRate: Double
    /// The name of the prefactor that it had.
    package var prefactor: String
    /// The objective, mean over the epoch's batches as they came, by samples.
    package var trainLoss: Double
    /// Where draws are curated: what the objective would be on draws of the design, as the weights
    /// of the epoch's samples tell.
    package var designLoss: Double?
    /// The objective on the judging part; nil where there is none.
    package var judgeLoss: Double?
    /// The mean absolute error of the fields there.
    package var judgeMAE: Double?

    /// The line's members.
    package var json: JSON {
        var members: [String: JSON] = [
            "epoch": .integer(epoch), "steps": .integer(steps),
            "learning_rate": .number(learningRate), "prefactor": .string(prefactor),
            "train_loss": .number(trainLoss), "judge_loss": judgeLoss.map(JSON.number) ?? .null,
            "judge_mae": judgeMAE.map(JSON.number) ?? .null,
        ]
        members["design_loss"] = designLoss.map(JSON.number)
        return .object(members)
    }

    package init(
        epoch: Int, steps: Int, learningRate: Double, prefactor: String, trainLoss: Double,
        designLoss: Double? = nil, judgeLoss: Double?, judgeMAE: Double?
    ) {
        (self.epoch, self.steps, self.learningRate, self.prefactor) = (
            epoch, steps, learningRate, prefactor
        )
        (self.trainLoss, self.designLoss) = (trainLoss, designLoss)
        (self.judgeLoss, self.judgeMAE) = (judgeLoss, judgeMAE)
    }

    /// Reads what `json` made; nil where it is something else.
    package init?(json: JSON) {
        guard let epoch = json["epoch"]?.int, let steps = json["steps"]?.int,
            let rate = json["learning_rate"]?.double, let prefactor = json["prefactor"]?.string,
            let loss = json["train_loss"]?.double
        else { return nil }
        self.init(
            epoch: epoch, steps: steps, learningRate: rate, prefactor: prefactor, trainLoss: loss,
            designLoss: json["design_loss"]?.double, judgeLoss: json["judge_loss"]?.double,
            judgeMAE: json["judge_mae"]?.double)
    }

    /// The file of all epochs, a line each.
    package static func lines(_ metrics: [EpochMetrics]) -> [UInt8] {
        metrics.flatMap { $0.json.canonicalBytes + [UInt8(ascii: "\n")] }
    }
}
