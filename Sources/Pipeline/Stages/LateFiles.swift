internal import Datasets
internal import Foundation
internal import Parallel
internal import Shards

/// Files of other steps that a step needs, and that a network file system may show late: what
/// another machine has written is seen here when caches of names and sizes have run out.
struct LateFiles {
    /// Seconds for which a file is waited for that a record on the disk names, unless the user says
    /// otherwise: as long as NFS keeps names of a folder unless told otherwise (acdirmax, nfs(5)).
    static let patience = 60

    let context: StageContext
    /// Seconds that the user gave: for everything that the step needs; nil for none, where only
    /// what records name is waited for.
    let given: Int?

    /// Waits until the files that `stage` needs are there as their records say; a part of the solve
    /// stage needs the files alone that it names, of the many that the sample stage has.
    ///
    /// - Throws: `PipelineError` of kind `.noInput` where a file that a record names does not
    ///   appear. What else is missing is said by who reads it.
    func wait(for stage: any PipelineStage, _ listing: SampleListing) throws {
        try wait(for: stage.inputs(listing), withTheirSteps: !(stage is SolvePart))
    }

    /// The same for files by their paths in the dataset.
    ///
    /// - Parameter withTheirSteps: Whether all else must be there, too, that is of a step whose
    ///   manifest or record is among `paths`.
    func wait(for paths: [String], withTheirSteps: Bool = false) throws {
        let began = ContinuousClock.now
        var isSaid = false
        while let (path, isRecorded) = missing(paths, withTheirSteps), isRecorded || given != nil {
            let patience = given ?? LateFiles.patience
            let waited = began.duration(to: .now)
            guard waited < .seconds(patience) else {
                guard isRecorded else { return }
                throw PipelineError(
                    .noInput,
                    "\(path) is not there as the record of its step says, and did not appear "
                        + "within \(patience) s: where another machine wrote it, look at the file "
                        + "system, and run the same command again, with a longer --wait; where it "
                        + "was removed, run its step again, which makes it anew", path: path)
            }
            if !isSaid {
                context.reporter.noted(
                    "waits up to \(patience) s for \(path), which is not there yet")
            }
            isSaid = true
            try Interruption.check()
            Thread.sleep(forTimeInterval: waited < .seconds(2) ? 0.1 : 1)
            // To list a folder makes a network file system ask its server for the names.
            _ = try? PathEntry.names(in: (path as NSString).deletingLastPathComponent)
        }
    }

    /// The first file that is missing, and whether a record says that it is there; nil where none
    /// is.
    private func missing(_ paths: [String], _ withTheirSteps: Bool) -> (
        path: String, isRecorded: Bool
    )? {
        let needed = Set(paths.map(context.base.path))
        for (step, dataset) in paths.compactMap(record) {
            guard let record = StepRecord(step: step, in: dataset) else { continue }
            for file in record.files {
                let path = dataset.path(file.path)
                guard withTheirSteps || needed.contains(path) else { continue }
                if PathEntry.size(of: path) != file.bytes { return (path, true) }
            }
        }
        return paths.map(context.base.path).first { PathEntry.size(of: $0) == nil }.map {
            ($0, false)
        }
    }

    /// The step whose record is at `path`, or whose manifest, and the dataset or the round's folder
    /// that it is in.
    private func record(_ path: String) -> (step: String, in: Dataset)? {
        let words = path.split(separator: "/").map(String.init)
        if let place = words.firstIndex(of: Dataset.privateName), let name = words.last,
            name.hasSuffix(".json")
        {
            return (String(name.dropLast(5)), folder(words[..<place]))
        }
        guard words.count >= 2, words.last == Manifest.fileName else { return nil }
        return (words[words.count - 2], folder(words.dropLast(2)))
    }

    private func folder(_ words: some Sequence<String>) -> Dataset {
        Dataset(root: context.base.path(words.joined(separator: "/")))
    }
}
