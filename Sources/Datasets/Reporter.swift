public import Documents
public import Fields

/// Where a run says how it is going.
public protocol Reporter: AnyObject {
    /// Work on a stage begins; `total` samples are to be done, of which `done` were done before.
    func began(_ stage: Stage, total: Int, done: Int)
    /// `done` of the stage's samples are done.
    func advanced(_ stage: Stage, done: Int)
    /// A stage is complete; `skipped` where nothing had to be done.
    func ended(_ stage: Stage, id: Digest, samples: Int, bytes: Int, seconds: Double, skipped: Bool)
    /// An epoch of a training is complete, of `epochs` at most; `epoch` has the members of a line
    /// of metrics.
    func ended(epoch: JSON, of epochs: Int)
    /// What a run will take, before it begins.
    func foresaw(_ forecast: Forecast)
    /// Something that the user asked to know.
    func noted(_ message: String)
    /// Something that the user should know, and that is no error.
    func warned(_ message: String)
}

extension Reporter {
    /// Says nothing.
    public func foresaw(_ forecast: Forecast) {}
}
