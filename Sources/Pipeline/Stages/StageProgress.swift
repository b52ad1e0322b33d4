internal import Datasets
internal import Fields

/// How far a plan is done, by the records on the disk.
struct StageProgress {
    private let context: StageContext

    init(_ context: StageContext) { self.context = context }

    /// Whether each of the steps has nothing to do. What follows from a step that is to be done is
    /// to be done, too; what does not take place is done.
    func done(_ steps: [PlannedStep]) -> [Bool] {
        var (isStale, areRoundsOver) = (false, false)
        return steps.map { step in
            let (stage, context) = (step.stage, context.of(round: step.stage.round))
            if areRoundsOver, !isStale { return isOver(stage, context) }
            let isDone = stage.isDone(step.fingerprint, in: context)
            // Parts of the solve stage do not follow from one another.
            if stage is SolvePart { return isDone }
            isStale = isStale || !isDone
            if stage.decides, isDone, stage.record(in: context).record?.files.isEmpty == true {
                areRoundsOver = true
            }
            return !isStale
        }
    }

    /// Whether a step after the end of the rounds has nothing to do.
    private func isOver(_ stage: any PipelineStage, _ context: StageContext) -> Bool {
        do {
            let fingerprint = stage.fingerprint(upstream: try stage.upstream(in: context))
            return stage.isDone(fingerprint, in: context)
        } catch { return error is RoundsEnd }
    }
}
