package import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

extension Verifier {
    /// The versions of the dataset: each manifest, its own shards, choices and places, that it is
    /// what its choices make of its parent, and that no new sample is the same problem as another;
    /// then the tags.
    package func checkVersions() throws {
        let versions = Versions(of: dataset)
        for short in try versions.shortIDs() {
            try Interruption.check()
            attempt {
                let id = try versions.manifest(short: short).id
                self.versions += try versions.lineage(of: id).suffix(1)
            }
        }
        // Shards of the base were decoded with it, those of a parent with that.
        var decoded = Set((manifests.pack?.shards ?? []).map(\.file.path))
        for manifest in self.versions.sorted(by: { $0.shards.count < $1.shards.count }) {
            let own = manifest.shards.map(\.file).filter { !decoded.contains($0.path) }
            checkForm(
                manifest.manifest,
                path: "\(versions.folder)/\(PackManifest.fileName(of: manifest.id))")
            for file in own { attempt { try checkFile(file, of: .pack) } }
            attempt { try checkPack(manifest, decoding: Set(own.map(\.path))) }
            attempt { try checkChoices(of: manifest) }
            attempt { try checkProblems(of: manifest, in: Set(own.map(\.path))) }
            decoded.formUnion(own.map(\.path))
            report.versions += 1
        }
        attempt { try checkTags(versions, Set(self.versions.map(\.id))) }
    }

    /// The version that is asked for, with all that it was made from.
    package func checkVersion(_ manifest: PackManifest) throws {
        let files = Set(manifest.shards.map(\.file.path))
        attempt { try checkPack(manifest, decoding: files) }
        attempt { try checkChoices(of: manifest) }
        attempt { try checkProblems(of: manifest, in: files) }
        report.versions += 1
    }

    /// The file of choices, and that the version is what they make of its parent.
    private func checkChoices(of manifest: PackManifest) throws {
        let folder = dataset.folder(.pack)
        let name = "\(folder)/\(PackManifest.fileName(of: manifest.id))"
        guard let descent = manifest.descent, let file = manifest.choices else {
            return found("\(name): lacks parent, round or choices")
        }
        let path = try SafePath.resolve(file.path, in: folder)
        let digest = try FileDigest(of: path)
        report.files += 1
        guard digest.sha256 == descent.choices, digest.sha256 == file.sha256,
            digest.bytes == file.bytes
        else {
            return found(
                "\(path): its content is not what the version lists (SHA-256 differs); it was "
                    + "damaged or replaced")
        }
        let table = try ChoiceTable(path: path)
        let versions = Versions(of: dataset)
        let above = try ParentVersion(
            dataset.at(try versions.baseID() == descent.parent ? nil : descent.parent))
        let round = descent.round
        let plan = try VersionPlan(table.rows.map(\.choice), from: round.from, in: above)
        expect(ChoiceTable(plan.rows) == table, "\(path): the ranks are not those of the samples")
        let planned = try plan.version(
            of: VersionWriter.Round(
                name: String(round.selection.dropFirst("train/".count)), from: round.from,
                choices: [], number: round.number, acquisition: round.acquisition,
                facts: round.facts), digest: manifest.digest, largest: manifest.largestErrorBound,
            choices: digest.sha256)
        expect(planned.id == manifest.id, "\(name): is not what its choices make of its parent")
        try checkAdded(plan.added, of: manifest, after: above)
    }

    /// The new samples: those of the choices, in their order.
    private func checkAdded(
        _ added: [SampleID], of manifest: PackManifest, after parent: ParentVersion
    )
        throws
    {
        var rest = added[...]
        for shard in manifest.shards.dropFirst(parent.manifest.shards.count) {
            let reader = try reader(shard.file, of: .pack)
            guard Array(rest.prefix(reader.count)) == reader.ids else {
                return found(
                    "\(reader.path): its samples are not those that the version's choices added")
            }
            rest = rest.dropFirst(reader.count)
        }
        expect(
            rest.isEmpty,
            "\(dataset.name): \(rest.count) samples that the version's choices added are in no "
                + "shard")
    }

    /// What rounds left beside their versions: models, errors, what they chose; as far as it is
    /// finished.
    package func checkRounds() throws {
        let folder = dataset.path(Dataset.roundsName)
        var names: [String] = []
        attempt {
            names = try PathEntry.names(
                in: folder, orThrow: .noInput, "so its rounds cannot be checked: make it readable")
        }
        for number in names.compactMap(Int.init).sorted() {
            let inner: Verifier
            do { inner = try Verifier(path: "\(folder)/\(number)", threads: threads) } catch {
                // A round that has no finished stage yet.
                if DatasetError(error).kind != .noInput { found(DatasetError(error).message) }
                continue
            }
            let found = try inner.verify(resolve: 0, seed: 0)
            report.files += found.files
            report.samples += found.samples
            report.findings += found.findings
            if let resampled = inner.manifests.resample {
                for version in versions {
                    attempt { try checkRound(resampled, inner.dataset, made: version) }
                }
            }
        }
    }

    /// That the choices of a version are those that its round left beside it, but for samples whose
    /// label could not be certified. The work of another round of the same number says nothing of
    /// it.
    private func checkRound(
        _ resampled: ResampleManifest, _ folder: Dataset, made version: PackManifest
    ) throws {
        guard let descent = version.descent, case let round = descent.round,
            round.number == resampled.round, descent.parent == resampled.parent,
            round.from == resampled.selection, round.judge == resampled.judge,
            round.facts["curation"] == resampled.curation.json, let file = version.choices
        else { return }
        let path = try SafePath.resolve(file.path, in: dataset.folder(.pack))
        var left = try Verifier.choices(of: folder)[...]
        for (choice, _) in try ChoiceTable(path: path).rows {
            while let first = left.first, first != choice, first.action == .added {
                left = left.dropFirst()
            }
            guard left.first == choice else {
                return found(
                    "\(path): sample \(choice.id) is not chosen so in "
                        + "\(folder.folder(.resample))/\(StageFile.choices)")
            }
            left = left.dropFirst()
        }
        expect(
            left.allSatisfy { $0.action == .added },
            "\(path): lacks choices of \(folder.folder(.resample))/\(StageFile.choices)")
    }

    /// Tags: of versions that are there.
    private func checkTags(_ versions: Versions, _ known: Set<Digest>) throws {
        let base = try versions.baseID()
        for (name, id) in try versions.tags().sorted(by: { $0.key < $1.key })
        where id != base && !known.contains(id) {
            found(
                "\(versions.folder)/\(Versions.tagsName): the tag '\(name)' is of version "
                    + "\(id.short), which is not there")
        }
    }
}
