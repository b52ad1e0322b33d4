/// The members of a JSON object that has a fixed set of keys: unknown, missing and ill-typed ones are refused by name.
struct JSONMembers {
    /// What the object is, for messages, such as `the physics`.
    let context: String
    private let object: [String: JSON]

    /// Checks that `json` is an object with all keys of `required` and otherwise only those of `optional`.
    init(
        _ json: JSON, of context: String, required: [String], optional: [String] = []
    ) throws(ConfigurationError) {
        guard let object = json.object else {
            throw ConfigurationError(.document, "\(context) is not a JSON object")
        }
        for key in object.keys.sorted() where !required.contains(key) && !optional.contains(key) {
            throw ConfigurationError(
                .document,
                "\(context) has an unknown member '\(key)'; there are "
                    + (required + optional).sorted().map { "'\($0)'" }.joined(separator: ", "))
        }
        for key in required where object[key] == nil {
            throw ConfigurationError(.document, "\(context) lacks the member '\(key)'")
        }
        self.object = object
        self.context = context
    }

    func has(_ key: String) -> Bool { object[key] != nil }

    func json(_ key: String) throws(ConfigurationError) -> JSON { try get(key, "there") { $0 } }

    /// The member `key` read by `read`; `kind` says in messages what it should be.
    func get<Value>(_ key: String, _ kind: String, _ read: (JSON) -> Value?) throws(ConfigurationError) -> Value {
        guard let member = object[key], let value = read(member) else {
            throw ConfigurationError(.document, "'\(key)' of \(context) is not \(kind)")
        }
        return value
    }

    func int(_ key: String) throws(ConfigurationError) -> Int { try get(key, "an integer", \.int) }

    func double(_ key: String) throws(ConfigurationError) -> Double { try get(key, "a number", \.double) }

    /// The number `key`, or nil where it is missing.
    func optionalDouble(_ key: String) throws(ConfigurationError) -> Double? {
        has(key) ? try double(key) : nil
    }

    /// The numbers of the array `key`, `count` of them where that is given.
    func doubles(_ key: String, count: Int? = nil) throws(ConfigurationError) -> [Double] {
        try get(key, "an array of \(count.map { "\($0) " } ?? "")numbers") { json in
            guard let elements = json.array, elements.count == count ?? elements.count else { return nil }
            let numbers = elements.compactMap(\.double)
            return numbers.count == elements.count ? numbers : nil
        }
    }

    /// The integers of the array `key`.
    func ints(_ key: String) throws(ConfigurationError) -> [Int] {
        try get(key, "an array of integers") { json in
            guard let elements = json.array else { return nil }
            let integers = elements.compactMap(\.int)
            return integers.count == elements.count ? integers : nil
        }
    }
}
