/// The members of a JSON object that has a fixed set of keys: unknown, missing and ill-typed ones
/// are refused by name.
package struct JSONMembers<Failure: DocumentFailure> {
    /// What the object is, for messages, such as `the physics`.
    package let context: String
    private let object: [String: JSON]

    /// Checks that `json` is an object with all keys of `required` and otherwise only those of
    /// `optional`.
    package init(_ json: JSON, of context: String, required: [String], optional: [String] = [])
        throws(Failure)
    {
        guard let object = json.object else {
            throw Failure(document: "\(context) is not a JSON object")
        }
        let known = required + optional
        for key in object.keys.sorted() where !known.contains(key) {
            let hint =
                EditDistance.nearest(to: key, among: known).map { "did you mean '\($0)'?" }
                ?? "there are " + known.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw Failure(
                document: "\(context) has an unknown member '\(key)'; \(hint)", member: key)
        }
        for key in required where object[key] == nil {
            throw Failure(document: "\(context) lacks the member '\(key)'", member: key)
        }
        self.object = object
        self.context = context
    }

    package func has(_ key: String) -> Bool { object[key] != nil }

    package func json(_ key: String) throws(Failure) -> JSON { try get(key, "there") { $0 } }

    /// The member `key` read by `read`; `kind` says in messages what it should be.
    package func get<Value>(_ key: String, _ kind: String, _ read: (JSON) -> Value?) throws(Failure)
        -> Value
    {
        guard let member = object[key], let value = read(member) else {
            throw Failure(document: "'\(key)' of \(context) is not \(kind)", member: key)
        }
        return value
    }

    package func int(_ key: String) throws(Failure) -> Int { try get(key, "an integer", \.int) }

    package func double(_ key: String) throws(Failure) -> Double {
        try get(key, "a number", \.double)
    }

    package func string(_ key: String) throws(Failure) -> String {
        try get(key, "a string", \.string)
    }

    package func array(_ key: String) throws(Failure) -> [JSON] {
        try get(key, "an array", \.array)
    }

    /// The member `key` as it is, or nil where it is missing.
    package func optional(_ key: String) -> JSON? { object[key] }

    /// The integer `key`, or nil where it is `null` or missing.
    package func optionalInt(_ key: String) throws(Failure) -> Int? {
        guard let member = object[key], member != .null else { return nil }
        return try int(key)
    }

    /// The number `key`, or nil where it is missing.
    package func optionalDouble(_ key: String) throws(Failure) -> Double? {
        has(key) ? try double(key) : nil
    }

    /// The numbers of the array `key`, `count` of them where that is given.
    package func doubles(_ key: String, count: Int? = nil) throws(Failure) -> [Double] {
        try get(key, "an array of \(count.map { "\($0) " } ?? "")numbers") { json in
            guard let elements = json.array, elements.count == count ?? elements.count else {
                return nil
            }
            let numbers = elements.compactMap(\.double)
            return numbers.count == elements.count ? numbers : nil
        }
    }

    /// The integers of the array `key`.
    package func ints(_ key: String) throws(Failure) -> [Int] {
        try get(key, "an array of integers") { json in
            guard let elements = json.array else { return nil }
            let integers = elements.compactMap(\.int)
            return integers.count == elements.count ? integers : nil
        }
    }
}
