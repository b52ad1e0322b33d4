import Datasets
import Documents
import Fields
import Sampling
import Shards

/// Configurations: a line with the physics, then lines with sources. One that is accepted is drawn,
/// and has the same id after it was written.
struct ConfigurationsLaw: ParserLaw {
    static let name = "configurations"

    func check(_ bytes: [UInt8]) throws {
        let lines = bytes.split(separator: 10)
        let first = try JSON.parse(Array(lines.first ?? []), source: "f")
        try Schema.named("physics").check(first, source: "f")
        let physics = try Physics(json: Schema.filled(first, by: "physics"))
        try require(
            try Physics(json: physics.json) == physics, "the physics is another when written")
        let schema = try Schema.named("configuration")
        for (number, line) in lines.dropFirst().enumerated() {
            let found = try ImportedConfigurations.parse(
                line, number: number + 2, path: "f", physics: physics, schema: schema)
            let text = JSON.object(["sources": .array(found.sources.map(\.json))]).canonicalBytes
            let again = try ImportedConfigurations.parse(
                text[...], number: 1, path: "again", physics: found.physics, schema: schema)
            try require(again == found && again.id == found.id, "another id when written")
            guard physics.lattice.count <= 1 << 14 else { continue }
            let image = SourceImage(found).dense(on: physics.lattice)
            try require(image.allSatisfy(\.isFinite), "an image with a value that is not finite")
        }
    }
}

/// Manifests of every stage: what is accepted has the same id and the same members when written.
struct ManifestLaw: ParserLaw {
    static let name = "manifest"

    func check(_ bytes: [UInt8]) throws {
        let json = try JSON.parse(bytes, source: "f")
        let name = "manifest-\(json["stage"]?.string ?? "")"
        if Schema.names.contains(name) { try Schema.named(name).requireAgreement(on: json) }
        let manifest = try Manifest(json: json, path: "f")
        try require(
            try Manifest(json: manifest.json, path: "again") == manifest,
            "a manifest is another after it was written")
        for file in manifest.files {
            try require(!file.path.contains("/") && !file.path.hasPrefix("."), "a name with places")
        }
        guard let stage = Stage(rawValue: manifest.stage) else { return }
        func read<Own: StageManifest>(_ type: Own.Type) throws {
            let own = try Own(manifest, path: "f")
            try require(
                own.id == manifest.id && own.count >= 0, "a stage's manifest is another one")
        }
        try read(StageManifests.type(of: stage))
    }

    func mend(_ bytes: inout [UInt8]) {
        guard let json = try? JSON.parse(bytes, source: "f"), let members = json.object else {
            return
        }
        let identity = members.filter { !["id", "layout", "files"].contains($0.key) }
        let id = Digest(of: JSON.object(identity).canonicalBytes).description
        bytes = JSON.object(members.merging(["id": .string(id)]) { $1 }).canonicalBytes
    }
}

/// What a curated training chose: a log, each line with the digest of all before it.
struct CurationLogLaw: ParserLaw {
    static let name = "curation-log"

    func check(_ bytes: [UInt8]) throws {
        let content = try CurationLog.read(bytes, path: "f")
        for line in content.lines {
            try require(line.window.chosen.count == content.count, "a window of another length")
        }
    }

    func mend(_ bytes: inout [UInt8]) {
        var chain = ""
        var mended: [UInt8] = []
        for line in bytes.split(separator: 10) {
            guard let json = try? JSON.parse(line: line, number: 1, source: "f"),
                var members = json.object
            else { return }
            members["chain"] = nil
            let digest = Digest(of: Array(chain.utf8) + JSON.object(members).canonicalBytes)
            chain = String(digest.description.prefix(16))
            members["chain"] = .string(chain)
            mended += JSON.object(members).canonicalBytes + [10]
        }
        bytes = mended
    }
}

/// Expressions that name samples.
struct SelectionLaw: ParserLaw {
    static let name = "selection"

    private let known = [
        Selection(name: "train/S1.25%-B", part: .train, ranks: 4..<8, samples: 4),
        Selection(name: "train/round-1", part: .train, ranges: [0..<2, 5..<9], samples: 6),
        Selection(name: "test/n07", part: .test, ranks: 0..<9, stratum: 7, samples: 3),
    ]

    func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let found = try SelectionExpression(text, among: known)
        let again = try SelectionExpression(found.description, among: known)
        try require(again.description == found.description, "another expression when written")
        for part in Split.Part.allCases {
            for (rank, sources) in [(0, 1), (5, 7), (Int.max - 1, Int.max)] {
                let isIn = found.contains(part: part, rank: rank, sources: sources)
                try require(
                    isIn == again.contains(part: part, rank: rank, sources: sources),
                    "another set of samples when written")
                try require(
                    !isIn || found.mayContain(part: part, ranks: rank..<rank + 1),
                    "a sample is in a shard that may not have it")
            }
        }
    }
}

/// Relative paths in documents: what is accepted stays in its folder.
struct PathsLaw: ParserLaw {
    static let name = "paths"

    func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let components = try SafePath.check(text)
        try require(
            components.joined(separator: "/").utf8.elementsEqual(text.utf8),
            "components are another path")
        for component in components {
            try require(
                !["", ".", ".."].contains(component) && !component.utf8.contains(0x2F),
                "a component '\(component)'")
        }
        try require(
            try SafePath.below("/a", text).utf8.starts(with: "/a/".utf8), "a path out of its folder"
        )
        guard (try? SafePath.check(name: text)) != nil else { return }
        try require(
            components.count == 1 && text.utf8.allSatisfy { $0 > 0x20 }, "a name of a place")
    }
}

/// Text of others on a terminal: nothing that it obeys is left, and nothing is escaped twice.
struct TextLaw: ParserLaw {
    static let name = "text"

    func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let shown = ForeignText.printable(text)
        try require(ForeignText.printable(shown) == shown, "printable text is escaped again")
        let line = ForeignText.excerpt(text, limit: 60)
        try require(line.unicodeScalars.count <= 60 * 12 + 1, "an excerpt is long")
        try require(!line.unicodeScalars.contains("\n"), "an excerpt of two lines")
        for scalar in shown.unicodeScalars + line.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                try require(scalar == "\n" || scalar == "\t", "U+\(scalar.value) is left")
            default: break
            }
        }
        try require(
            ForeignText.bounded(text).unicodeScalars.count <= ForeignText.longestMessage + 64,
            "a message is long")
    }
}
