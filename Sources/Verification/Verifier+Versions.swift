internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
package import Shards

extension Verifier {
    /// The versions of the dataset: each manifest, its own shards, choices and places, that it is
    /// what its choices make of its parent, and that no new sample is the same problem as another;
    /// then the tags.
    package func checkVersions() throws {
        let versions = Versions(of: dataset)
        var manifests: [Manifest] = []
        for short in versions.shortIDs() {
            try Interruption.check()
            attempt {
                let id = try versions.manifest(short: short).id
                if let manifest = try versions.lineage(of: id).last { manifests.append(manifest) }
            }
        }
        // Shards of the base were decoded with it, those of a parent with that.
        var decoded = Set((self.manifests[.pack]?.files ?? []).map(\.path))
        for manifest in manifests.sorted(by: { $0.files.count < $1.files.count }) {
            let own = manifest.files.filter { !decoded.contains($0.path) }
            checkForm(manifest, path: "\(versions.folder)/\(Versions.fileName(of: manifest.id))")
            for file in own { attempt { try checkFile(file, of: .pack) } }
            attempt { try checkPack(manifest, decoding: Set(own.map(\.path))) }
            attempt { try checkChoices(of: manifest) }
            attempt { try checkProblems(of: manifest, in: Set(own.map(\.path))) }
            decoded.formUnion(own.map(\.path))
            report.versions += 1
        }
        versionManifests = manifests
        attempt { try checkTags(versions, Set(manifests.map(\.id))) }
    }

    /// The version that is asked for, with all that it was made from.
    package func checkVersion(_ manifest: Manifest) throws {
        let files = Set(manifest.files.map(\.path))
        attempt { try checkPack(manifest, decoding: files) }
        attempt { try checkChoices(of: manifest) }
        attempt { try checkProblems(of: manifest, in: files) }
        report.versions += 1
    }

    /// The file of choices, and that the version is what they make of its parent.
    private func checkChoices(of manifest: Manifest) throws {
        let folder = dataset.folder(.pack)
        let name = "\(folder)/\(Versions.fileName(of: manifest.id))"
        guard let parent = manifest.parent, let round = manifest.content["round"],
            let entry = manifest.layout["choices"], let file = entry["path"]?.string
        else { return found("\(name): lacks parent, round or choices") }
        let path = try SafePath.resolve(file, in: folder)
        let digest = try FileDigest(of: path)
        report.files += 1
        guard digest.sha256.description == manifest.content["choices"]?.string,
            digest.sha256.description == entry["sha256"]?.string,
            digest.bytes == entry["bytes"]?.int
        else {
            return found(
                "\(path): its content is not what the version lists (SHA-256 differs); it was "
                    + "damaged or replaced")
        }
        let table = try ChoiceTable(path: path)
        let versions = Versions(of: dataset)
        let above = try ParentVersion(
            dataset.at(parent == (try? versions.baseManifest().id) ? nil : parent))
        let plan = try VersionPlan(
            table.rows.map(\.choice), from: round["from"]?.string ?? "", in: above)
        expect(ChoiceTable(plan.rows) == table, "\(path): the ranks are not those of the samples")
        let selection = round["selection"]?.string ?? ""
        let content = try plan.content(
            of: VersionWriter.Round(
                name: String(selection.dropFirst("train/".count)),
                from: round["from"]?.string ?? "", choices: [], facts: round),
            digest: manifest.content["digest"]?.string.flatMap(Digest.init(hex:)) ?? digest.sha256,
            largest: manifest.content["largest_error_bound"]?.double ?? 0, choices: digest.sha256)
        expect(content == manifest.content, "\(name): is not what its choices make of its parent")
        try checkAdded(plan.added, of: manifest, after: above)
    }

    /// The new samples: those of the choices, in their order.
    private func checkAdded(_ added: [SampleID], of manifest: Manifest, after parent: ParentVersion)
        throws
    {
        var rest = added[...]
        for file in manifest.files.dropFirst(parent.manifest.files.count) {
            let reader = try reader(file, of: .pack)
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
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for number in names.compactMap(Int.init).sorted() {
            guard let inner = try? Verifier(path: "\(folder)/\(number)", threads: threads) else {
                continue
            }
            let found = try inner.verify(resolve: 0, seed: 0)
            report.files += found.files
            report.samples += found.samples
            report.findings += found.findings
            if let resampled = inner.manifests[.resample] {
                for version in versionManifests {
                    attempt { try checkRound(resampled, inner.dataset, made: version) }
                }
            }
        }
    }

    /// That the choices of a version are those that its round left beside it, but for samples whose
    /// label could not be certified. The work of another round of the same number says nothing of
    /// it.
    private func checkRound(_ resampled: Manifest, _ folder: Dataset, made version: Manifest) throws
    {
        guard let round = version.content["round"],
            round["number"] == resampled.parameters["round"],
            version.content["parent"] == resampled.content["parent"],
            round["from"] == resampled.parameters["selection"],
            round["curation"] == resampled.parameters["curation"],
            round["judge"] == resampled.parameters["judge"],
            let name = version.layout["choices"]?["path"]?.string
        else { return }
        let path = try SafePath.resolve(name, in: dataset.folder(.pack))
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
        let base = try? versions.baseManifest().id
        for (name, id) in try versions.tags().sorted(by: { $0.key < $1.key })
        where id != base && !known.contains(id) {
            found(
                "\(versions.folder)/\(Versions.tagsName): the tag '\(name)' is of version "
                    + "\(id.short), which is not there")
        }
    }
}
