internal import Documents

/// A pipeline as a person reads it: YAML, where what the schema says of a key stands above it, and
/// keys that are left out stand as comments with their defaults.
struct PipelineText {
    /// The blocks and their keys, in the order of the method; a test compares them with the schema.
    private static let blocks: KeyValuePairs = [
        "physics": ["lattice", "diffusivity", "decay_rate", "boundary", "sources", "overlap"],
        "sampling": ["strata", "samples_per_stratum", "radius", "shapes", "values", "seed"],
        "solver": ["tolerance", "grid_bits", "method", "samples_per_part", "compression_level"],
        "split": ["test_every", "validation_every", "subsets", "windows"],
        "pack": ["codec", "samples_per_shard"],
        "train": [
            "code", "model", "selection", "samples_per_epoch", "curation", "judge", "best_by",
            "loss", "prefactor", "transform", "label_noise", "optimiser", "schedule",
            "warm_up_epochs", "batch", "epochs", "early_stop", "seed",
        ],
        "rounds": [
            "count", "add", "drop", "candidates", "pool", "score", "by", "passes", "acquisition",
            "power", "budget", "random_share", "neighbours", "stop", "trainer", "seed",
        ],
        // For a person to write.
        "about": [],
    ]

    private let members: [String: JSON]
    private let filled: JSON

    /// - Parameter members: a pipeline that the schema accepts.
    init(_ members: [String: JSON]) {
        self.members = members
        filled = Schema.filled(.object(members), by: "pipeline")
    }

    /// The file's text.
    var text: String {
        var lines = [
            "# A pipeline of steadyset, to be changed: a line such as #key: value has the default "
                + "of its key.",
            "# The article Pipelines has all forms that values may have.",
            "format: \(PipelineText.flow(filled["format"] ?? .null))",
        ]
        lines += comment(["name"], indent: "")
        lines.append("name: \(PipelineText.flow(filled["name"] ?? .null))")
        for (block, keys) in Self.blocks {
            lines.append("")
            guard let own = members[block]?.object else {
                lines += PipelineText.wrapped(
                    "\(block): \(Schema.description(of: [block], in: "pipeline") ?? "")",
                    indent: "")
                continue
            }
            lines += comment([block], indent: "")
            lines.append("\(block):")
            lines += self.lines(of: block, keys, own)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(of block: String, _ keys: [String], _ own: [String: JSON]) -> [String] {
        var lines: [String] = []
        for key in keys {
            guard let value = own[key] ?? filled[block]?[key] else { continue }
            lines += comment([block, key], indent: "  ")
            // A block without any key would be a null.
            let isThere = own[key] != nil || (own.isEmpty && key == keys.first)
            lines.append("  \(isThere ? "" : "#")\(key): \(PipelineText.flow(value))")
        }
        let others = keys.filter { own[$0] == nil && filled[block]?[$0] == nil }
        if !others.isEmpty {
            lines += PipelineText.wrapped(
                "Without a default: " + others.joined(separator: ", "), indent: "  ")
        }
        return lines
    }

    private func comment(_ path: [String], indent: String) -> [String] {
        Schema.description(of: path, in: "pipeline").map {
            PipelineText.wrapped($0, indent: indent)
        } ?? []
    }

    /// Lines of a comment, of at most 100 columns where words allow it.
    private static func wrapped(_ text: String, indent: String) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + word.count < 100 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append("\(indent)# \(word)")
            }
        }
    }

    /// A value in one line of YAML.
    private static func flow(_ json: JSON) -> String {
        switch json {
        case .null, .bool: return json.canonicalText
        case .number:
            // YAML 1.1 takes 1e-8 for a word.
            let text = json.canonicalText
            return text.contains(".") ? text : text.replacing("e", with: ".0e")
        case .string(let text): return isPlain(text) ? text : json.canonicalText
        case .array(let values): return "[\(values.map(flow).joined(separator: ", "))]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let pairs = members.sorted { $0.key < $1.key }.map { "\($0): \(flow($1))" }
            return "{ \(pairs.joined(separator: ", ")) }"
        }
    }

    /// Whether a text is the same without quotes, in every YAML.
    private static func isPlain(_ text: String) -> Bool {
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        guard let first = text.utf8.first, !words.contains(text.lowercased()) else { return false }
        return (UInt8(ascii: "A")...UInt8(ascii: "z")).contains(first)
            && text.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0)
                    || [0x25, 0x2D, 0x2E, 0x5F].contains($0)
            }
    }
}
