internal import Documents
package import Sampling
package import Shards

/// What the split stage named.
package struct SplitManifest: StageManifest {
    package static let stage = Stage.split

    package var split: Split
    package var inputs: [Manifest.Input]
    package var parts: [PartCount]
    package var selections: [Selection]

    package init(
        split: Split, inputs: [Manifest.Input], parts: [PartCount], selections: [Selection]
    ) {
        self.split = split
        self.inputs = inputs
        self.parts = parts
        self.selections = selections
    }

    package var count: Int { parts.reduce(0) { $0 + $1.samples } }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        do { split = try Split(json: manifest.parameters) } catch {
            throw DatasetError(
                .data, "parameters of \(path): \(error.message)", member: "parameters",
                cause: error)
        }
        inputs = manifest.inputs
        let content = try manifest.content(["parts", "selections"], path: path)
        parts = try content.list("parts", PartCount.init)
        selections = try content.list("selections", Selection.reading)
        _ = try manifest.layout(path: path)
        try manifest.checkPlain(path: path)
    }

    package var manifest: Manifest {
        Manifest(
            stage: Self.stage.rawValue, parameters: split.json, inputs: inputs,
            content: .object([
                "parts": .array(parts.map(\.json)), "selections": .array(selections.map(\.json)),
            ]))
    }
}

extension Selection {
    /// Reads a selection; `context` is for messages.
    static func reading(_ json: JSON, _ context: String) throws(DatasetError) -> Selection {
        do { return try Selection(json: json) } catch {
            throw DatasetError(
                .data, "\(context): \(error.message)", member: "selections", cause: error)
        }
    }
}
