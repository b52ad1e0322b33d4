internal import Fields

/// The members of a JSON object that has a fixed set of keys: unknown, missing and ill-typed ones are refused by name.
struct Members {
    private let object: [String: JSON]
    private let context: String

    /// Checks that `json` is an object with all keys of `required` and otherwise only those of `optional`.
    ///
    /// `context` says in messages what the object is, such as `the design`.
    init(
        _ json: JSON, of context: String, required: [String], optional: [String] = []
    ) throws(SamplingError) {
        guard let object = json.object else { throw SamplingError(.document, "\(context) is not a JSON object") }
        let known = required + optional
        for key in object.keys.sorted() where !known.contains(key) {
            let nearest = known.min { Members.distance(key, $0) < Members.distance(key, $1) }
            throw SamplingError(
                .document,
                "\(context) has an unknown member '\(key)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
        }
        for key in required where object[key] == nil {
            throw SamplingError(.document, "\(context) lacks the member '\(key)'")
        }
        self.object = object
        self.context = context
    }

    /// The member `key` read by `read`; `kind` says in messages what it should be.
    func get<Value>(_ key: String, _ kind: String, _ read: (JSON) -> Value?) throws(SamplingError) -> Value {
        guard let member = object[key], let value = read(member) else {
            throw SamplingError(.document, "'\(key)' of \(context) is not \(kind)")
        }
        return value
    }

    func has(_ key: String) -> Bool { object[key] != nil }

    func optional(_ key: String) -> JSON? { object[key] }

    func int(_ key: String) throws(SamplingError) -> Int { try get(key, "an integer", \.int) }
    func double(_ key: String) throws(SamplingError) -> Double { try get(key, "a number", \.double) }
    func string(_ key: String) throws(SamplingError) -> String { try get(key, "a string", \.string) }
    func array(_ key: String) throws(SamplingError) -> [JSON] { try get(key, "an array", \.array) }

    /// The integer `key`, or nil where it is `null` or missing.
    func optionalInt(_ key: String) throws(SamplingError) -> Int? {
        guard let member = object[key], member != .null else { return nil }
        return try int(key)
    }

    func ints(_ key: String) throws(SamplingError) -> [Int] {
        try get(key, "an array of integers") { json in
            guard let elements = json.array else { return nil }
            let integers = elements.compactMap(\.int)
            return integers.count == elements.count ? integers : nil
        }
    }

    func json(_ key: String) throws(SamplingError) -> JSON { try get(key, "there") { $0 } }

    /// The number of single-character edits that turn one key into another (Levenshtein 1966).
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        // Keys come from untrusted files; no valid key is longer than 64 bytes.
        for (i, character) in a.utf8.prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substituted = diagonal + (character == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
