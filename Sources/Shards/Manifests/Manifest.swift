public import Documents
public import Fields

/// What a stage made of what: the contract between stages, written last into the stage's folder.
///
/// A manifest says nothing of clock, host or absolute paths: the same pipeline gives the same
/// manifest anywhere.
public struct Manifest: Hashable, Sendable {
    /// The value of `format`.
    public static let format = "steadyset-manifest"
    /// The value of `version`.
    public static let version = 3
    /// The file's name in the stage's folder.
    public static let fileName = "manifest.json"
    /// A larger manifest is refused: 128 MiB.
    public static let maximumBytes = JSON.maximumBytes

    /// A manifest that the stage read.
    public struct Input: Hashable, Sendable {
        /// The stage that wrote it.
        public var stage: String
        /// Its folder, relative to this manifest's dataset.
        public var path: String
        /// Its id.
        public var id: Digest

        /// Creates an input.
        public init(stage: String, path: String, id: Digest) {
            self.stage = stage
            self.path = path
            self.id = id
        }
    }

    /// A file that the stage wrote.
    public struct File: Hashable, Sendable {
        /// Its path, relative to the manifest's folder.
        public var path: String
        /// Its size.
        public var bytes: Int
        /// The SHA-256 of its bytes, which guards transport.
        public var sha256: Digest
        /// The number of samples in it.
        public var samples: Int
        /// Further members of its object.
        public var extra: [String: JSON]

        /// Creates a file's entry; `extra` may not name the four members that every entry has.
        public init(
            path: String, bytes: Int, sha256: Digest, samples: Int, extra: [String: JSON] = [:]
        ) {
            precondition(
                File.members.isDisjoint(with: extra.keys),
                "extra members have names of their own")
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
            self.samples = samples
            self.extra = extra
        }

        /// The entry of the file `path`, of which `digest` is known.
        public init(_ path: String, _ digest: FileDigest, samples: Int) {
            self.init(path: path, bytes: digest.bytes, sha256: digest.sha256, samples: samples)
        }

        static let members: Set<String> = ["path", "bytes", "sha256", "samples"]
    }

    /// The stage, a verb: "sample", "solve", …
    public var stage: String
    /// Everything that determines the result; an object.
    public var parameters: JSON
    /// The manifests that the stage read.
    public var inputs: [Input]
    /// What the result is, independent of how it is stored: counts, statistics, content digests; an
    /// object.
    public var content: JSON
    /// How the result is stored: parts, codec, library versions; an object, not part of the id.
    public var layout: JSON
    /// The files, not part of the id: their digests depend on the release of zstd.
    public var files: [File]

    /// Creates a manifest from its parts.
    public init(
        stage: String, parameters: JSON, inputs: [Input], content: JSON,
        layout: JSON = .object([:]), files: [File] = []
    ) {
        self.stage = stage
        self.parameters = parameters
        self.inputs = inputs
        self.content = content
        self.layout = layout
        self.files = files
    }

    /// The SHA-256 of the canonical form (RFC 8785) without `id`, `layout` and `files`.
    public var id: Digest { Digest(of: JSON.object(identity).canonicalBytes) }

    private var identity: [String: JSON] {
        [
            "format": .string(Manifest.format), "version": .integer(Manifest.version),
            "stage": .string(stage), "parameters": parameters, "content": content,
            "inputs": .array(
                inputs.map {
                    .object([
                        "stage": .string($0.stage), "path": .string($0.path),
                        "id": .string($0.id.description),
                    ])
                }),
        ]
    }

    /// The manifest as a JSON object.
    public var json: JSON {
        var members = identity
        members["id"] = .string(id.description)
        members["layout"] = layout
        members["files"] = .array(
            files.map { file in
                var entry = file.extra
                entry["path"] = .string(file.path)
                entry["bytes"] = .integer(file.bytes)
                entry["sha256"] = .string(file.sha256.description)
                entry["samples"] = .integer(file.samples)
                return .object(entry)
            })
        return .object(members)
    }
}
