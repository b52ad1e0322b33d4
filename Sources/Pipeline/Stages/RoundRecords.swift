internal import Datasets
internal import Fields
internal import Shards

/// What the records of a dataset tell of its rounds.
struct RoundRecords {
    private let base: Dataset

    init(of base: Dataset) { self.base = base }

    /// Where the record is of the version that round `number` made.
    func place(of number: Int) -> RecordPlace {
        RecordPlace(dataset: base, step: Dataset.roundStep(number, .pack))
    }

    /// The version that round `number` made, the base for 0.
    ///
    /// - Throws: `PipelineError` of kind `.noInput` where it is not there.
    func version(after number: Int) throws -> Dataset {
        if number == 0 { return base }
        guard let record = place(of: number).record, let version = version(of: record) else {
            throw missing(number)
        }
        return version
    }

    /// The version that a record tells of, or nil where it is not there any more.
    func version(of record: StepRecord) -> Dataset? {
        let prefix = "\(Stage.pack.rawValue)/version-"
        guard let path = record.files.first?.path, path.hasPrefix(prefix), path.hasSuffix(".json"),
            let id = try? Versions(of: base).resolve(
                String(path.dropFirst(prefix.count).dropLast(5)))
        else { return nil }
        return base.at(id)
    }

    /// The fingerprint of what wrote the shards of that version.
    ///
    /// - Throws: `RoundsEnd` where the round did not take place.
    func fingerprint(after number: Int) throws -> Digest {
        try checkEnd(upTo: number, for: number)
        if number == 0 { return base.fingerprint(of: try base.manifest(PackManifest.self)) }
        guard let record = place(of: number).record else { throw missing(number) }
        return record.fingerprint
    }

    private func missing(_ number: Int) -> PipelineError {
        let step = Dataset.roundStep(number, .pack)
        return PipelineError(
            .noInput,
            "\(base.root) has no version of round \(number): run 'steadyset step … \(step)', or "
                + "'steadyset run', with it first")
    }

    /// The first round up to `last` that did not take place, or nil.
    func end(upTo last: Int) -> Int? {
        guard last > 0 else { return nil }
        return (1...last).first { number in
            StepRecord(step: Stage.resample.rawValue, in: base.round(number))?.files.isEmpty == true
        }
    }

    /// Refuses a step of round `number` where a round up to `last` did not take place.
    func checkEnd(upTo last: Int, for number: Int) throws {
        guard let end = end(upTo: last) else { return }
        throw RoundsEnd(
            "no round \(number): the rounds ended before round \(end), by the record of the step "
                + "\(Dataset.roundStep(end, .resample))")
    }
}

/// Why a step of a round does not take place, though those before are whole: nothing is left to
/// choose from, or nothing would be gained.
struct RoundsEnd: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
