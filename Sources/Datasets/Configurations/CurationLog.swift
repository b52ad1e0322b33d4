package import Documents
internal import Fields
package import Learning
package import Sampling

/// What a curated stream chose, as lines of JSON: from them it is drawn again, without any loss.
///
/// The first line says of what stream, and how was chosen; each other one what a window has, and by
/// which proposal. Each line has the digest `chain` of itself and of all before it, so that a line
/// that was changed, lost or moved is found. Its members are in the article
/// *Curating while training*.
package struct CurationLog: Hashable, Sendable {
    package static let format = "steadyset-curation"
    package static let version = 1
    /// A digit for each candidate, and one for a position without a sample.
    private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
    private static let none = UInt8(ascii: "-")

    /// The lines so far, with their ends.
    package private(set) var bytes: [UInt8] = []
    private var chain = ""

    /// Begins the log of a stream.
    ///
    /// - Throws: as `SampleStream.sample`.
    package init(_ draws: CuratedDraws) throws {
        let first = try draws.first().map { $0.map(JSON.string) ?? .null }
        append([
            "format": .string(CurationLog.format), "version": .integer(CurationLog.version),
            "curation": draws.curation.json, "seed": .integer(Int(draws.seed)),
            "window": .integer(draws.count), "first": .array(first),
        ])
    }

    /// Notes what a window has, and the proposal that it went by, if there was one.
    package mutating func append(_ window: CuratedWindow, by proposal: StreamProposal?) {
        let chosen = window.chosen.map { $0.map { CurationLog.digits[$0] } ?? CurationLog.none }
        var members: [String: JSON] = [
            "number": .integer(window.number),
            "chosen": .string(String(decoding: chosen, as: UTF8.self)),
            "weights": .array(window.weights.map { .number(CurationLog.short($0)) }),
        ]
        members["proposal"] = proposal?.json
        append(members)
    }

    private mutating func append(_ members: [String: JSON]) {
        chain = CurationLog.link(members, after: chain)
        let line = members.merging(["chain": .string(chain)]) { $1 }
        bytes += JSON.object(line).canonicalBytes + [UInt8(ascii: "\n")]
    }

    /// The digest of a line and of all before it.
    private static func link(_ members: [String: JSON], after chain: String) -> String {
        var hasher = Digest.Hasher()
        hasher.update(Array(chain.utf8))
        hasher.update(JSON.object(members).canonicalBytes)
        return String(hasher.finish().description.prefix(16))
    }

    /// The number of the fewest digits that is `value` in binary32.
    private static func short(_ value: Float) -> Double { Double(value.description) ?? 0 }

    // MARK: Reading

    /// What a log says of a window.
    package struct Line: Hashable, Sendable {
        package let window: CuratedWindow
        /// The proposal that it went by; nil where losses decided.
        package let proposal: JSON?
    }

    /// A log as it was read.
    package struct Content: Hashable, Sendable {
        package let curation: OnlineCuration
        package let seed: Int
        /// Positions of a window.
        package let count: Int
        /// The ids of the first training rank of each stratum.
        package let first: [String?]
        package let lines: [Line]
    }

    /// Reads a log, and checks that it is whole.
    ///
    /// - Throws: `DatasetError` with code `.data` that names the line.
    package static func read(_ bytes: [UInt8], path: String) throws -> Content {
        var chain = ""
        var content: (curation: OnlineCuration, seed: Int, count: Int, first: [String?])?
        var lines: [Line] = []
        for (place, text) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let name = "\(path), line \(place + 1)"
            let json = try JSON.parse(line: text, number: place + 1, source: path)
            chain = try linked(json, after: chain, name)
            guard let known = content else {
                let members = try ManifestMembers(
                    json, of: name,
                    required: [
                        "chain", "curation", "first", "format", "seed", "version", "window",
                    ])
                guard json["format"]?.string == format, json["version"]?.int == version else {
                    throw DatasetError(
                        .data, "\(name): is no log of a curation of version \(version)")
                }
                let curation: OnlineCuration
                do { curation = try OnlineCuration(json: try members.json("curation")) } catch {
                    throw DatasetError(.data, "\(name): \(error)")
                }
                content = (
                    curation, try members.count("seed"),
                    try members.count("window", in: 1...1 << 30),
                    try members.array("first").map { $0.string }
                )
                continue
            }
            lines.append(
                try line(json, number: lines.count, known.count, known.curation, name))
        }
        guard let content else {
            throw DatasetError(.data, "\(path): is no log of a curation: it has no line")
        }
        return Content(
            curation: content.curation, seed: content.seed, count: content.count,
            first: content.first, lines: lines)
    }

    /// Checks that `json` is what was written after the line with `chain`; returns its own.
    private static func linked(_ json: JSON, after chain: String, _ name: String) throws -> String {
        var members = json.object ?? [:]
        let said = members.removeValue(forKey: "chain")?.string
        let found = link(members, after: chain)
        guard said == found else {
            throw DatasetError(
                .data, "\(name): it is not what was written after the line before it")
        }
        return found
    }

    private static func line(
        _ json: JSON, number: Int, _ count: Int, _ curation: OnlineCuration, _ name: String
    ) throws -> Line {
        let members = try ManifestMembers(
            json, of: name, required: ["chain", "chosen", "number", "weights"],
            optional: ["proposal"])
        let digits = Array(try members.string("chosen").utf8)
        let chosen = digits.map {
            CurationLog.digits.prefix(curation.candidates).firstIndex(of: $0)
        }
        let weights = try members.doubles("weights").map(Float.init)
        let most = Float(1 / curation.floor) * 1.000_001
        guard try members.count("number") == number, digits.count == count,
            weights.count == count,
            zip(digits, chosen).allSatisfy({ $0 == none || $1 != nil }),
            zip(chosen, weights).allSatisfy({ $0 == nil ? $1 == 0 : $1 > 0 && $1 <= most })
        else {
            throw DatasetError(.data, "\(name): is not window \(number), of \(count) positions")
        }
        return Line(
            window: CuratedWindow(number: number, chosen: chosen, weights: weights, kinds: []),
            proposal: members.optional("proposal"))
    }
}
