internal import Datasets
internal import Documents
internal import Fields
internal import Sampling
internal import Shards

extension Round {
    /// Solves the configurations that were chosen; nil where there are none.
    func solve(_ configurations: String?) throws -> Dataset? {
        guard let configurations else { return nil }
        let added = work("added")
        try Dataset.createFolder(added.stepsFolder)
        let own = Job(
            pipeline: try job.pipeline.forTraining(only: nil), pipelinePath: job.pipelinePath,
            dataset: added, threads: job.threads, reporter: job.reporter,
            importPath: configurations, replace: true)
        try own.sample()
        try own.solve()
        return added
    }

    /// Commits the version; with it the round is done.
    func commit(
        _ resampled: Manifest, _ choices: [ChosenSample], _ added: Dataset?, _ excluded: Exclusions
    ) throws -> Dataset {
        var writer = VersionWriter(
            parent: parent, solved: added, known: excluded.known, threads: job.threads,
            reporter: job.reporter)
        writer.movesName = job.replace
        let facts = resampled.parameters["curation"]?.object ?? [:]
        let manifest = try writer.write(
            VersionWriter.Round(
                name: name, from: selection, choices: choices,
                facts: .object([
                    "number": .integer(number), "acquisition": .string(curation.acquisition.name),
                    "curation": .object(facts), "judge": resampled.parameters["judge"] ?? .null,
                    "candidates": resampled.content["candidates"] ?? .null,
                    "mean_candidate_score": resampled.content["mean_candidate_score"] ?? .null,
                ])))
        return job.dataset.at(manifest.id)
    }

    /// The files of a version that are not its parent's, with its manifest first, for the record of
    /// the round.
    func files(of version: Dataset) throws -> [Manifest.File] {
        let manifest = try version.manifest(.pack)
        let own = try FileDigest(of: version.packManifest, followingLinks: false)
        let added = manifest.files.dropFirst(try parent.manifest(.pack).files.count)
        return [
            Manifest.File(
                path: manifest.packPath, bytes: own.bytes, sha256: own.sha256,
                samples: manifest.files.count)
        ]
            + added.map {
                Manifest.File(
                    path: "pack/\($0.path)", bytes: $0.bytes, sha256: $0.sha256, samples: $0.samples
                )
            }
    }

    /// The version that a record of this round tells of, or nil where it is not there any more.
    func version(of record: StepRecord) throws -> Dataset? {
        let prefix = "pack/version-"
        guard let path = record.files.first?.path, path.hasPrefix(prefix), path.hasSuffix(".json"),
            let id = try? Versions(of: job.dataset).resolve(
                String(path.dropFirst(prefix.count).dropLast(5)))
        else { return nil }
        let versions = Versions(of: job.dataset)
        // A name that somebody gave to another version stays there.
        if try versions.holder(of: name) == nil { try versions.tag(id, as: name) }
        return job.dataset.at(id)
    }
}

extension Dataset {
    /// The path of the manifest of its shards, that of the version which is meant.
    var packManifest: String {
        "\(folder(.pack))/\(version.map(Versions.fileName) ?? Manifest.fileName)"
    }
}
