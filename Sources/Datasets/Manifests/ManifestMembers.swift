internal import Documents
internal import Fields
internal import Learning
internal import Sampling
internal import Shards

/// A reader of a manifest's members, which refuses those that are unknown, missing or wrong.
typealias ManifestMembers = JSONMembers<DatasetError>

extension JSONMembers where Failure == DatasetError {
    /// The whole number `key` in `range`.
    func count(_ key: String, in range: ClosedRange<Int> = 0...1 << 53) throws(DatasetError) -> Int
    {
        try get(key, "an integer from \(range.lowerBound) to \(range.upperBound)") { json in
            json.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// The number `key`, at least 0.
    func size(_ key: String) throws(DatasetError) -> Double {
        try get(key, "a number of at least 0") { json in
            json.double.flatMap { $0 >= 0 ? $0 : nil }
        }
    }

    /// The same, nil where it is `null`.
    func optionalSize(_ key: String) throws(DatasetError) -> Double? {
        try json(key) == .null ? nil : size(key)
    }

    /// The SHA-256 `key`.
    func digest(_ key: String) throws(DatasetError) -> Digest {
        try get(key, "a SHA-256 of 64 hexadecimal digits") { $0.string.flatMap(Digest.init(hex:)) }
    }

    /// The sample id `key`.
    func sampleID(_ key: String) throws(DatasetError) -> SampleID {
        try get(key, "a sample id of 16 hexadecimal digits") { $0.string.flatMap { SampleID($0) } }
    }

    /// The word `key`, one of those of a type.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String)
        throws(DatasetError) -> Choice
    {
        let known = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try get(key, "one of \(known)") { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// The elements of the array `key`, each read by `read`, which is told what it is.
    func list<Element>(_ key: String, _ read: (JSON, String) throws(DatasetError) -> Element)
        throws(DatasetError) -> [Element]
    {
        var elements: [Element] = []
        for (number, json) in try array(key).enumerated() {
            elements.append(try read(json, "\(key)[\(number)] of \(context)"))
        }
        return elements
    }

    /// The member `key` as another module reads it.
    func value<Value>(_ key: String, _ read: (JSON) throws -> Value) throws(DatasetError) -> Value {
        let json = try json(key)
        do { return try read(json) } catch {
            throw DatasetError(
                .data, "'\(key)' of \(context): \(DatasetError(error).message)", member: key,
                cause: error)
        }
    }
}

extension Manifest {
    /// The members of `parameters`, which are these.
    func parameters(_ required: [String], optional: [String] = [], path: String)
        throws(DatasetError) -> ManifestMembers
    {
        try ManifestMembers(
            parameters, of: "parameters of \(path)", required: required, optional: optional)
    }

    /// The members of `content`, which are these.
    func content(_ required: [String], optional: [String] = [], path: String)
        throws(DatasetError) -> ManifestMembers
    {
        try ManifestMembers(
            content, of: "content of \(path)", required: required, optional: optional)
    }

    /// The members of `layout`, which are these.
    func layout(_ required: [String] = [], optional: [String] = [], path: String)
        throws(DatasetError) -> ManifestMembers
    {
        try ManifestMembers(layout, of: "layout of \(path)", required: required, optional: optional)
    }

    /// The files, each read by `read` with its further members, which are `keys`.
    func files<Element>(
        with keys: [String], path: String,
        _ read: (File, ManifestMembers) throws(DatasetError) -> Element
    ) throws(DatasetError) -> [Element] {
        var elements: [Element] = []
        for file in files {
            let members = try ManifestMembers(
                .object(file.extra), of: "the entry of '\(file.path)' in \(path)", required: keys)
            elements.append(try read(file.plain, members))
        }
        return elements
    }

    /// Refuses files with further members.
    func checkPlain(path: String) throws(DatasetError) {
        _ = try files(with: [], path: path) { (file, _) throws(DatasetError) in file }
    }
}

extension Manifest.File {
    /// The entry without further members.
    var plain: Manifest.File {
        Manifest.File(path: path, bytes: bytes, sha256: sha256, samples: samples)
    }

    /// The entry with these further members.
    func adding(_ extra: [String: JSON]) -> Manifest.File {
        Manifest.File(path: path, bytes: bytes, sha256: sha256, samples: samples, extra: extra)
    }
}
