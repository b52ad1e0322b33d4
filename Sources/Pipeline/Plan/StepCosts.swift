internal import Datasets
internal import Fields
internal import Learning
internal import Sampling
internal import Solving

/// What a step of each stage takes, roughly: memory, and seconds of one thread.
struct StepCosts: Sendable {
    private let sites: Int
    /// Whether labels are solved by the general solver, which takes about 200 bytes a site and 40
    /// ms for 512² sites; the direct way, and multigrid for constant coefficients between absorbing
    /// sides, take less than half of either.
    private let isGeneral: Bool
    private let training: TrainingLoad?
    private let samplesPerPart: Int
    /// Samples that a round solves: its candidates, and what it chooses.
    private let samplesOfRound: Int

    init(_ pipeline: PipelineFile, samples: Int) {
        let lattice = pipeline.physics.lattice
        sites = lattice.count
        isGeneral =
            Solver.isGeneral(pipeline.physics, pipeline.accuracy.method)
        training = pipeline.training.flatMap { TrainingLoad($0, lattice, samples: samples) }
        samplesPerPart = pipeline.samplesPerPart
        samplesOfRound = pipeline.curation.map { $0.pool + $0.add } ?? 0
    }

    /// Memory in units of 10⁶ bytes.
    func megabytes(of stage: Stage) -> Int {
        let unit = max(1, sites >> 20)
        let solving = 100 + (isGeneral ? 350 : 150) * unit
        return switch stage {
        case .sample: 200
        case .solve: solving
        case .split: 100
        case .pack: 200 + 30 * unit
        case .train, .evaluate: max(100, training?.megabytes ?? 0)
        case .resample: solving + (training?.megabytes ?? 0)
        }
    }

    func seconds(of stage: Stage) -> Double {
        let perSample = Double(sites) / Double(1 << 18) * (isGeneral ? 0.06 : 0.015)
        return switch stage {
        case .sample: 10
        case .solve: perSample * Double(samplesPerPart)
        case .split: 1
        case .pack, .evaluate: 60
        case .train: training?.seconds ?? 0
        case .resample: 60 + perSample * Double(samplesOfRound)
        }
    }
}
