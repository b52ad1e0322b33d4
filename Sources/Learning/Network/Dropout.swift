/// Dropout of an activation, in place, by `DropoutMask`; its gradient is the mask.
final class Dropout: Layer {
    /// Where it stands: the images, and the block that the mask counts.
    struct Plan: LayerPlan {
        let images: ImagesPlan
        let block: Int
        let probability: Double

        func make(in memory: LayerMemory) -> any Layer { Dropout(memory[images], self) }
    }

    private let images: Images
    private let plan: Plan

    private init(_ images: Images, _ plan: Plan) { (self.images, self.plan) = (images, plan) }

    func forward(_ pass: inout LayerPass) { apply(pass) }

    func backward(_ pass: LayerPass, into _: Floats) { apply(pass) }

    private func apply(_ pass: LayerPass) {
        guard let (seed, number) = pass.dropout else { return }
        DropoutMask(
            seed: seed, probability: plan.probability, pass: number, block: plan.block,
            isInference: !pass.isTraining
        ).advanced(by: pass.firstSample).apply(
            to: images, channels: plan.images.channels ?? 1, samples: pass.samples,
            workers: pass.workers)
    }
}
