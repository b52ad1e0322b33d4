/// The names of the files that stages write beside their manifests.
package enum StageFile {
    /// Of `train`: the model.
    package static let weights = "weights.safetensors"
    /// Of `train`: the model after half of the epochs, where it is asked for.
    package static let halfway = "halfway.safetensors"
    /// Of `train`: a line of JSON an epoch.
    package static let metrics = "metrics.jsonl"
    /// Of `train`: what a curated training drew, a line of JSON an epoch.
    package static let curation = "curation.jsonl"
    /// Of `evaluate`: a row a sample.
    package static let errors = "errors.csv"
    /// Of `evaluate`: statistics by number of sources.
    package static let summary = "summary.csv"
    /// Of `resample`: what was chosen, a row a sample.
    package static let choices = "choices.csv"
    /// Of `resample`: the configurations that are to be solved.
    package static let configurations = "configurations.jsonl"
}
