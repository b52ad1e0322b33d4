internal import Fields
package import Shards

/// The manifests of a dataset's stages, as far as they are there.
package struct StageManifests: Sendable {
    package private(set) var sample: SampleManifest?
    package private(set) var solve: SolveManifest?
    package private(set) var split: SplitManifest?
    package private(set) var pack: PackManifest?
    package private(set) var train: TrainManifest?
    package private(set) var evaluate: EvaluateManifest?
    package private(set) var resample: ResampleManifest?

    /// None.
    package init() {}

    /// What the manifest of a stage is.
    package static func type(of stage: Stage) -> any StageManifest.Type {
        switch stage {
        case .sample: SampleManifest.self
        case .solve: SolveManifest.self
        case .split: SplitManifest.self
        case .pack: PackManifest.self
        case .train: TrainManifest.self
        case .evaluate: EvaluateManifest.self
        case .resample: ResampleManifest.self
        }
    }

    /// Adds the manifest of a stage; `path` is for messages.
    ///
    /// - Throws: `DatasetError` where one of its members is not what it must be.
    package mutating func add(_ manifest: Manifest, of stage: Stage, path: String)
        throws(DatasetError)
    {
        switch stage {
        case .sample: sample = try SampleManifest(manifest, path: path)
        case .solve: solve = try SolveManifest(manifest, path: path)
        case .split: split = try SplitManifest(manifest, path: path)
        case .pack: pack = try PackManifest(manifest, path: path)
        case .train: train = try TrainManifest(manifest, path: path)
        case .evaluate: evaluate = try EvaluateManifest(manifest, path: path)
        case .resample: resample = try ResampleManifest(manifest, path: path)
        }
    }
}
