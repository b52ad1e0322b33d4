internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What a card says of a dataset, from its manifests and from what the user adds; nothing of clocks
/// and hosts, so that equal datasets have equal cards.
struct CardFacts {
    let manifest: PackManifest
    /// The versions from the base to this one.
    let lineage: [PackManifest]
    /// Versions that have a name, with it.
    let tagged: [(name: String, manifest: PackManifest)]
    /// The pipeline that makes the base, as JSON; nil where the dataset does not know all of it.
    let pipeline: JSON?
    /// What the pipeline says of the dataset, and what was said on the command line.
    let about: DatasetAbout
    /// The release that packed it, where that is recorded.
    let release: String?
    /// The samples that are written.
    let samples: Int
    /// The selection that they are; nil where all are written.
    let selection: String?

    /// Reads the manifests of the dataset that `samples` are of.
    init(_ samples: ExportedSamples, words: [String: String]) throws {
        let (dataset, manifest) = (samples.dataset, samples.manifest)
        self.manifest = manifest
        let versions = Versions(of: dataset)
        let lineage = try versions.lineage(of: dataset.version)
        self.lineage = lineage
        let others = try versions.tags().filter {
            $0.value != lineage.first?.id && $0.value != manifest.id
        }
        tagged = try others.sorted { $0.key < $1.key }.map { name, id in
            (name, try versions.manifest(short: id.short))
        }
        // Of a folder `pack` the stages before it may lie beside it.
        let folder = URL(literalPath: samples.folder)
        pipeline =
            folder.lastPathComponent == Stage.pack.rawValue
            ? CardFacts.pipeline(of: Dataset(root: folder.deletingLastPathComponent().path)) : nil
        var about = manifest.about
        about.title = words["name"] ?? about.title
        about.description = words["description"] ?? about.description
        about.license = words["license"] ?? about.license
        about.url = words["url"] ?? about.url
        if let creator = words["creator"] { about.creators = [creator] }
        self.about = about
        let provenance = try? JSON.parse(file: "\(samples.folder)/\(Provenance.fileName)")
        // One of another manifest says nothing of this one.
        release =
            provenance?["manifest"]?.string == lineage.first?.id.description
            ? provenance?["steadyset"]?.string.map { ForeignText.excerpt($0) } : nil
        self.samples = samples.count
        selection = samples.isWhole ? nil : samples.expression.description
    }

    var id: String { manifest.id.description }
    var title: String { about.title ?? "Steady states of a diffusion equation" }
    var license: String { about.license ?? DatasetAbout.defaultLicense }
    var lattice: Lattice { manifest.physics.lattice }

    var summary: String {
        about.description
            ?? "\(samples) steady states of a diffusion equation on \(lattice.rows) × "
            + "\(lattice.columns) sites, each with the sources that produce it and a certified "
            + "bound on its error, made by Steadyset."
    }

    /// Whether `datasets` of Hugging Face reads the shards: every array has one row a sample.
    var isReadByDatasets: Bool {
        manifest.codec.isStandard && ShardCoefficient.fixed(under: manifest.physics).isEmpty
    }

    /// The pipeline that made the base, from the manifests of its stages.
    private static func pipeline(of dataset: Dataset) -> JSON? {
        // What is not there, or was made from something else, tells nothing.
        guard let sample = try? dataset.manifest(SampleManifest.self),
            let solve = try? dataset.manifest(SolveManifest.self),
            let split = try? dataset.manifest(SplitManifest.self),
            let base = try? Versions(of: dataset).baseManifest(), solve.wasMade(from: sample),
            split.wasMade(from: solve), base.wasMade(from: split),
            case .drawn(let design) = sample.origin
        else { return nil }
        var sampling = design.json.object ?? [:]
        sampling["samples_per_stratum"] = sampling.removeValue(forKey: "counts")
        sampling["physics"] = nil
        sampling["places"] = nil
        // A design of an earlier release may mean something else today.
        guard let again = try? Design(sampling: .object(sampling), physics: design.physics),
            again.json == design.json
        else { return nil }
        var solver = solve.accuracy.members
        solver["compression_level"] = .integer(solve.compressionLevel)
        solver["samples_per_part"] = .integer(sample.cut.size)
        var members: [String: JSON] = [
            "format": .integer(1), "name": .string("steadyset-\(base.id.short)"),
            "physics": design.physics.json, "sampling": .object(sampling),
            "solver": .object(solver), "split": split.split.json,
            "pack": .object([
                "codec": .string(base.codec.name),
                "samples_per_shard": .integer(base.samplesPerShard),
            ]),
        ]
        members["about"] = base.about.json
        return .object(members)
    }
}
