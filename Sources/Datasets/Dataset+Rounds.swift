extension Dataset {
    /// The folder of round `number`, itself laid out as a dataset; round 0 has the base's model.
    package func round(_ number: Int) -> Dataset {
        Dataset(root: "\(root)/\(Dataset.roundsName)/\(number)")
    }

    /// The name of a round's training selection, and the tag of its version, unless the user gives
    /// another.
    package static func roundName(_ number: Int) -> String { "round-\(number)" }

    /// The step of round `number` that belongs to `stage`.
    package static func roundStep(_ number: Int, _ stage: Stage) -> String {
        "round-\(SampleListing.Part.digits(number))-\(stage.rawValue)"
    }
}
