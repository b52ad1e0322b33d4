internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards
internal import Synchronization

/// Configurations of a finished sample stage, solved or not, in their order.
final class ListedConfigurations: EvaluatedSamples {
    /// The sample stage's manifest.
    let manifest: SampleManifest
    let name: String
    let title = "the configurations"
    private let listing: SampleListing
    /// Positions of the samples, without copies of earlier ones; nil where there are none.
    private let positions: [Int]?
    private let folder: String
    /// Parts that were read last, by number.
    private let kept = Mutex<[(number: Int, items: [ListedConfiguration])]>([])
    /// Threads read neighbouring samples, which are of one or two parts of training, of validation
    /// and of test each.
    private static let maximumKept = 6

    /// The configurations of `data`'s sample stage; no line is read yet.
    init(_ data: Dataset) throws {
        manifest = try data.manifest(SampleManifest.self)
        folder = data.folder(.sample)
        name = data.root
        let listing = try SampleListing(manifest)
        self.listing = listing
        positions =
            listing.copies.count == 0
            ? nil : (0..<listing.sequence.count).filter { !listing.copies.contains($0) }
    }

    var physics: Physics { listing.physics }
    var count: Int { positions?.count ?? listing.sequence.count }

    func ids() throws -> [SampleID] {
        try (0..<count).map { try item($0).id }
    }

    func furtherIDs() -> Set<SampleID>? { nil }

    func makeReader(_ contents: EvaluatedContents) throws -> (Int) throws -> EvaluatedFields {
        { [self] number in
            EvaluatedFields(try item(number).configuration)
        }
    }

    private func item(_ number: Int) throws -> ListedConfiguration {
        let place = listing.place(of: positions?[number] ?? number)
        return try items(of: listing.parts[place.part])[place.offset]
    }

    private func items(of part: SampleListing.Part) throws -> [ListedConfiguration] {
        // Under the lock: a part that several threads ask for is read once.
        try kept.withLock { kept in
            if let found = kept.first(where: { $0.number == part.number }) { return found.items }
            let items = try listing.configurations(of: part, manifest, in: folder)
            if kept.count == ListedConfigurations.maximumKept { kept.removeFirst() }
            kept.append((part.number, items))
            return items
        }
    }
}

/// Configurations of a JSON Lines file, in the order of its lines.
final class LinedConfigurations: EvaluatedSamples {
    /// The file.
    let file: ImportedConfigurations
    let title = "the configurations"
    private let addresses: [SampleAddress]

    /// The configurations of `file`, every one of them.
    init(_ file: ImportedConfigurations) {
        self.file = file
        addresses = file.addresses
    }

    var physics: Physics { file.physics }
    var count: Int { addresses.count }
    var name: String { file.path }
    func ids() throws -> [SampleID] { try addresses.map { try file.configuration($0).id } }
    func furtherIDs() -> Set<SampleID>? { nil }

    func makeReader(_ contents: EvaluatedContents) throws -> (Int) throws -> EvaluatedFields {
        { [self] number in EvaluatedFields(try file.configuration(addresses[number])) }
    }
}

extension EvaluatedFields {
    /// A configuration that was never solved, with its image.
    init(_ configuration: Configuration) {
        self.init(
            sample: EvaluatedSample(
                id: configuration.id, sources: configuration.sources.count, place: nil),
            x: SourceImage(configuration).dense(on: configuration.physics.lattice),
            configuration: configuration)
    }
}

extension ImportedConfigurations {
    /// The addresses of all configurations in the order of the lines.
    var addresses: [SampleAddress] {
        counts.enumerated().flatMap { stratum, count in
            (0..<count).map { SampleAddress(stratum: stratum, index: $0) }
        }.sorted { lineNumber($0) < lineNumber($1) }
    }

    /// Opens `path` with the physics that `models` were trained on.
    ///
    /// - Throws: `PipelineError` where the first model does not say which, or says that of another
    ///   lattice.
    convenience init(path: String, physicsOf models: Ensemble) throws {
        let member = models.members[0]
        guard let text = member.weights.physics else {
            throw PipelineError(
                .data,
                "\(member.path) does not say which physics it was trained on, so configurations "
                    + "cannot be drawn for it")
        }
        let physics = try Physics(
            json: try JSON.parse(
                Array(text.utf8), source: "\(member.path), metadata 'physics'"))
        guard physics.lattice == models.lattice else {
            throw PipelineError(
                .data,
                "\(member.path) is for another lattice than its physics has: it was altered")
        }
        try self.init(path: path, physics: physics)
    }
}
