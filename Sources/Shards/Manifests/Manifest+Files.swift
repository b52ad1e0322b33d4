public import Documents
internal import Fields

extension Manifest {
    /// Reads and checks the manifest of the folder `folder`.
    ///
    /// It must be a regular file, or a link to one, of at most `maximumBytes`, of the form that its
    /// stage's schema asks for, with paths that stay inside the folder, and with the id that its
    /// content has.
    ///
    /// - Throws: `ShardsError`: `.notFound` where the folder is unfinished work, `.syntax`,
    ///   `.schema`, `.unsafePath`, `.format` for another version, `.digestMismatch` where the file
    ///   was altered.
    public static func read(folder: String) throws(ShardsError) -> Manifest {
        try read(path: "\(folder)/\(fileName)")
    }

    /// Reads and checks the manifest in the file `path`; see `read(folder:)`.
    public static func read(path: String) throws(ShardsError) -> Manifest {
        let bytes = try OpenFile.reading(path, followingLinks: true)
            .readAll(maximumBytes: maximumBytes)
        if let known = KnownManifests.manifest(of: bytes, at: path) { return known }
        let json = try ShardsError.telling { () throws(DocumentError) in
            try JSON.parse(bytes, source: path, maximumBytes: maximumBytes)
        }
        let manifest = try Manifest(json: json, path: path)
        KnownManifests.keep(manifest, of: bytes, at: path)
        return manifest
    }

    /// Writes the manifest into `folder`, atomically: with it the stage's work is complete.
    ///
    /// - Returns: the size and the digest of the file.
    /// - Throws: `ShardsError`: `.schema` where its form is not what the stage's schema asks for,
    ///   which is an error of this program; or why it could not be written.
    @discardableResult public func write(to folder: String) throws(ShardsError) -> FileDigest {
        try write(path: "\(folder)/\(Manifest.fileName)")
    }

    /// Writes the manifest as the file `path`; see `write(to:)`.
    @discardableResult public func write(path: String) throws(ShardsError) -> FileDigest {
        let json = json
        try Manifest.check(json, of: stage, path: path)
        return try AtomicFile.write(json.prettyBytes, to: path)
    }

    /// Creates a manifest from its JSON object, checked; `path` is for messages.
    public init(json: JSON, path: String) throws(ShardsError) {
        guard json["format"] == .string(Manifest.format) else {
            throw ShardsError(
                .format, "\(path) is not a manifest of Steadyset: its 'format' says otherwise",
                path: path)
        }
        guard json["version"] == .integer(Manifest.version) else {
            throw ShardsError(
                .format,
                "\(path) has another version of the manifest format than \(Manifest.version): "
                    + "make the dataset anew in another folder, or use the Steadyset that made it",
                path: path)
        }
        try Manifest.check(json, of: json["stage"]?.string ?? "", path: path)
        // The schema has these; what is left are digests and whole numbers in range.
        func missing(_ what: String) -> ShardsError {
            ShardsError(.schema, "\(path): \(what)", path: path)
        }
        guard let stage = json["stage"]?.string, let parameters = json["parameters"],
            let content = json["content"], let layout = json["layout"],
            let inputs = json["inputs"]?.array, let files = json["files"]?.array,
            let recorded = json["id"]?.string
        else { throw missing("a member of the manifest is missing") }
        var names: Set<String> = []
        var (samplesOfAll, bytesOfAll) = (0.0, 0.0)
        self.init(
            stage: stage, parameters: parameters,
            inputs: try inputs.map { (input) throws(ShardsError) in
                guard let stage = input["stage"]?.string, let path = input["path"]?.string,
                    let id = input["id"]?.string.flatMap(Digest.init(hex:))
                else { throw missing("an input is not one") }
                return Input(stage: stage, path: path, id: id)
            }, content: content, layout: layout,
            files: try files.map { (file) throws(ShardsError) in
                guard let name = file["path"]?.string, let bytes = file["bytes"]?.int, bytes >= 0,
                    let sha256 = file["sha256"]?.string.flatMap(Digest.init(hex:)),
                    let samples = file["samples"]?.int, samples >= 0, let members = file.object
                else { throw missing("a file's entry is not one") }
                try Manifest.checkName(name, of: path)
                // Sums over files are whole numbers that every reader holds.
                (samplesOfAll, bytesOfAll) = (
                    samplesOfAll + Double(samples), bytesOfAll + Double(bytes)
                )
                guard max(samplesOfAll, bytesOfAll) <= 0x1p53 else {
                    throw missing("its files claim more than 2^53 samples or bytes")
                }
                // Some systems do not tell letters apart by their case.
                guard names.insert(name.lowercased()).inserted else {
                    throw missing("the file '\(name)' is listed twice")
                }
                return File(
                    path: name, bytes: bytes, sha256: sha256, samples: samples,
                    extra: members.filter { !File.members.contains($0.key) })
            })
        guard id.description == recorded else {
            throw ShardsError(
                .digestMismatch,
                "\(path) was altered: its content has the id \(id), recorded is \(recorded)",
                path: path)
        }
    }

    /// Names that a stage's folder has for other things.
    private static let reserved: Set<String> = [fileName, "provenance.json", "tags.json"]

    private static func checkName(_ name: String, of path: String) throws(ShardsError) {
        do throws(ShardsError) {
            try SafePath.check(name: name)
            guard !reserved.contains(name.lowercased()), !name.hasPrefix("version-") else {
                throw ShardsError(.unsafePath, "no file of a stage can be called '\(name)'")
            }
        } catch { throw ShardsError(error.code, "\(path): \(error.message)", path: path) }
    }

    /// Checks a manifest by the schema `manifest-<stage>` where there is one, else by the general
    /// `manifest`.
    private static func check(_ json: JSON, of stage: String, path: String) throws(ShardsError) {
        let name = Schema.names.contains("manifest-\(stage)") ? "manifest-\(stage)" : "manifest"
        try ShardsError.telling { () throws(DocumentError) in
            try Schema.named(name).check(json, source: path)
        }
    }
}
