internal import Datasets
internal import Fields
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

// What keeps labels from being removed or overwritten without `--replace`. Each of these looks at
// every file of labels that is there; one that cannot be read is a reason to refuse.

extension SampleStage {
    /// Refuses to go on where labels would be lost that its configurations do not ask for.
    ///
    /// Growing a design keeps them all: the samples of a part stay in the part with its number.
    /// Labels of a part that is cut in another way are lost, as the part is solved anew.
    func protectSolvedSamples(_ solve: SolveStage, in context: StageContext) throws {
        let dataset = context.dataset
        let parts = try LabelFile.present(.solve, in: dataset)
        let listing =
            try parts.isEmpty
            ? nil
            : SampleListing(
                origin, cut, threads: context.threads, lines: false, findsCopies: findsCopies
            ) { _, _ in }
        var solved: Set<SampleID> = []
        var lost = 0
        try OrderedWork.run(count: parts.count, threads: context.threads) {
            { number in
                let file = parts[number]
                do {
                    let reader = try file.reader()
                    let kept = try (0..<reader.count).count { row in
                        guard let listing, let address = try origin.address(of: row, in: reader),
                            let position = listing.sequence.position(of: address)
                        else { return false }
                        return listing.number(of: address) == file.number
                            && !listing.copies.contains(position)
                    }
                    return (reader.ids, reader.count - kept)
                } catch let error as DatasetError {
                    // What is computed anew to the same bits is not lost.
                    guard
                        isPromised(file, listing, solve, in: dataset)
                    else { throw error }
                    return ([], 0)
                }
            }
        } consume: { (_, found: (ids: [SampleID], lost: Int)) in
            solved.formUnion(found.ids)
            lost += found.lost
        }
        for file in try LabelFile.present(.pack, in: dataset) {
            try Interruption.check()
            let reader = try file.reader()
            for row in 0..<reader.count where !solved.contains(reader.ids[row]) {
                if try origin.address(of: row, in: reader) == nil { lost += 1 }
            }
        }
        guard lost == 0 else { throw context.wouldLose(lost, partsOf: cut.size) }
    }

    /// Whether the record of a part that cannot be read says that the very same is computed for it.
    private func isPromised(
        _ file: LabelFile, _ listing: SampleListing?, _ solve: SolveStage, in dataset: Dataset
    ) -> Bool {
        guard let listing, listing.parts.indices.contains(file.number),
            let record = StepRecord(step: file.step, in: dataset)
        else { return false }
        let part = SolvePart(part: listing.parts[file.number], listing: listing, whole: solve)
        return record.fingerprint == part.fingerprint(upstream: [])
    }
}

extension SolveStage {
    /// Refuses to solve where files of labels are of another accuracy or other samples than those
    /// that take their place.
    ///
    /// - Parameters:
    ///   - done: Which of the parts stay as they are.
    ///   - only: The part that is solved; all for nil.
    func protectLabels(
        _ listing: SampleListing, _ sampleManifest: SampleManifest, done: [Bool],
        only: SampleListing.Part? = nil, in context: StageContext
    ) throws {
        let dataset = context.dataset
        // A sample may be in a part and in a shard.
        var (other, lost, words) = (Set<SampleID>(), 0, "")
        func count(_ reader: ShardReader) -> Bool {
            guard !reader.isOf(listing.physics, accuracy) else { return false }
            other.formUnion(reader.ids)
            words = reader.accuracyWords
            return true
        }
        for file in try LabelFile.present(.solve, in: dataset)
        where only.map({ $0.number == file.number }) ?? true {
            try Interruption.check()
            guard listing.parts.indices.contains(file.number) else {
                lost += try file.reader().count
                continue
            }
            let part = listing.parts[file.number]
            if done[file.number] { continue }
            let promised =
                StepRecord(step: file.step, in: dataset)?.fingerprint
                == SolvePart(part: part, listing: listing, whole: self).fingerprint(upstream: [])
            guard let reader = try file.reader(promised: promised), !count(reader) else { continue }
            let asked = Set(try context.configurations(part, listing, sampleManifest).map(\.id))
            lost += reader.ids.count { !asked.contains($0) }
        }
        if only == nil {
            for file in try LabelFile.present(.pack, in: dataset) { _ = count(try file.reader()) }
        }
        guard other.isEmpty else {
            throw PipelineError(
                .cannotCreate,
                "\(dataset.root) holds \(other.count) labels of another 'solver' (\(words)) or "
                    + "'physics': choose another folder for --output, or pass --replace to "
                    + "compute them anew")
        }
        guard lost == 0 else { throw context.wouldLose(lost, partsOf: listing.cut.size) }
    }

    /// Refuses to remove finished part files that the stage does not list; what is left of a killed
    /// run is none.
    func protectUnlisted(
        _ listing: SampleListing, keeping names: Set<String>, in context: StageContext
    ) throws {
        let lost = try LabelFile.present(stage, in: context.dataset).filter {
            !names.contains($0.name)
        }
        guard lost.isEmpty else {
            throw context.wouldLose(
                try lost.reduce(0) { $0 + (try $1.reader().count) }, partsOf: listing.cut.size)
        }
    }
}

extension PackStage {
    /// Refuses to pack over shards with labels that no part file has.
    func protectShards(
        _ store: SolvedSamples, _ packing: ShardPacking, _ shards: [ShardPacking.Shard],
        in context: StageContext
    ) throws {
        let planned = Dictionary(shards.map { ($0.plan.name, $0) }) { first, _ in first }
        var solved: Set<SampleID>?
        var lost = 0
        for file in try LabelFile.present(.pack, in: context.dataset) {
            try Interruption.check()
            let promised = planned[file.name].map(packing.isRecorded) ?? false
            guard let reader = try file.reader(promised: promised) else { continue }
            if solved == nil {
                solved = []
                for number in store.files.indices {
                    solved?.formUnion(try store.reader(number).ids)
                }
            }
            let isSame = reader.isOf(packing.form.physics, packing.form.accuracy)
            lost += reader.ids.count { !isSame || solved?.contains($0) != true }
        }
        guard lost == 0 else { throw context.wouldLose(lost) }
    }
}

extension ConfigurationOrigin {
    /// The address of a stored sample, where the configuration there is the sample's own; nil where
    /// it is another.
    func address(of row: Int, in reader: ShardReader) throws -> SampleAddress? {
        guard let stratum = strata.firstIndex(of: reader.sourceCounts[row]),
            let index = Int(exactly: reader.indices[row]), index < counts[stratum]
        else { return nil }
        let address = SampleAddress(stratum: stratum, index: index)
        return try configuration(address).id == reader.ids[row] ? address : nil
    }
}
