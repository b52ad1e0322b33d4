/// Turns schemas' JSON into nodes, and refuses what this program's validator would not check.
package struct SchemaLoader {
    /// Where a `$ref` leads.
    private struct Place: Hashable {
        let file: String
        /// A JSON pointer (RFC 6901).
        let pointer: String
    }

    private let findFile: (String) throws(DocumentError) -> JSON?
    /// The files that were needed so far, by name.
    private var files: [String: JSON]
    /// The file of what is being loaded.
    private var name: String
    /// What is to be loaded, or was: a node's index is that of its place.
    private var places: [Place]
    private var indices: [Place: Int]

    /// Prepares to load the schema `json` of the file called `name`.
    package init(
        _ json: JSON, name: String, file: @escaping (String) throws(DocumentError) -> JSON?
    ) {
        self.name = name
        findFile = file
        files = [name: json]
        // Its own definitions are looked at even where nothing refers to them.
        let definitions = (json["$defs"]?.object ?? [:]).keys.sorted()
        places = [Place(file: name, pointer: "")]
        places += definitions.map { Place(file: name, pointer: "/$defs/\($0)") }
        indices = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    }

    /// Returns the schema's node, and then those of all places that references lead to.
    package mutating func load() throws(DocumentError) -> [SchemaNode] {
        var nodes: [SchemaNode] = []
        while nodes.count < places.count {
            let place = places[nodes.count]
            guard let json = value(at: place) else { throw failure("is not there", place.pointer) }
            name = place.file
            nodes.append(try node(json, at: place.pointer))
        }
        return nodes
    }

    private func value(at place: Place) -> JSON? {
        var json = files[place.file]
        for key in place.pointer.split(separator: "/") { json = json?[String(key)] }
        return json
    }

    /// The reference `text`: `#/…`, `FILE.json` or `FILE.json#/…`.
    private mutating func reference(_ text: String, _ path: String) throws(DocumentError)
        -> SchemaKeyword
    {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var file = name
        if !parts[0].isEmpty {
            file = String(parts[0].hasSuffix(".json") ? parts[0].dropLast(5) : parts[0])
            if files[file] == nil { files[file] = try findFile(file) }
        }
        let place = Place(file: file, pointer: parts.count == 2 ? String(parts[1]) : "")
        guard value(at: place) != nil else {
            throw failure("does not name a definition that is there", path)
        }
        let index = indices[place] ?? places.count
        if index == places.count {
            places.append(place)
            indices[place] = index
        }
        let last = place.pointer.split(separator: "/").last.map(String.init)
        return .reference(index, name: last ?? file)
    }

    /// Annotations, which ask for nothing.
    private static let annotations: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated",
    ]

    /// The order in which keywords are checked, and so the order of messages; also the list of all
    /// that there are.
    private static let ranks = ranked([
        "$defs", "$ref", "type", "const", "enum", "required", "properties", "additionalProperties",
        "propertyNames", "minProperties", "maxProperties", "prefixItems", "items", "minItems",
        "maxItems", "uniqueItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "pattern", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
    ])

    private static func ranked(_ keys: [String]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    }

    /// Returns the node of the schema `json`, which is at `path` in its document.
    package mutating func node(_ json: JSON, at path: String) throws(DocumentError) -> SchemaNode {
        if let allows = json.bool { return SchemaNode(keywords: allows ? [] : [.never]) }
        guard let members = json.object else { throw failure("is not an object", path) }
        var known: [(rank: Int, key: String, value: JSON)] = []
        var unknown: [String] = []
        for (key, value) in members {
            if let rank = Self.ranks[key] {
                known.append((rank, key, value))
            } else if !Self.annotations.contains(key) {
                unknown.append(key)
            }
        }
        if let key = unknown.min() {
            throw failure("has the keyword '\(key)', which is not supported", path)
        }
        var keywords: [SchemaKeyword] = []
        for (_, key, value) in known.sorted(by: { $0.rank < $1.rank }) {
            if let keyword = try keyword(key, value, members, "\(path)/\(key)") {
                keywords.append(keyword)
            }
        }
        return SchemaNode(keywords: keywords, fallback: members["default"])
    }

    /// Returns what the keyword `key` asks for, or nil where another keyword of `members` includes
    /// it.
    private mutating func keyword(
        _ key: String, _ value: JSON, _ members: [String: JSON], _ path: String
    ) throws(DocumentError) -> SchemaKeyword? {
        switch key {
        case "$defs":
            guard path == "/$defs" else { throw failure("is not at the root", path) }
            return nil
        case "$ref":
            guard let text = value.string else { throw failure("is not a text", path) }
            return try reference(text, path)
        case "type":
            let names = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
            let types = names.compactMap(JSONType.init)
            guard !types.isEmpty, types.count == (value.array?.count ?? 1) else {
                throw failure("is not a type", path)
            }
            return .type(types)
        case "const": return .values([value])
        case "enum":
            guard let values = value.array, !values.isEmpty else {
                throw failure("is not a list of values", path)
            }
            return .values(values)
        case "required":
            guard let names = value.array?.compactMap(\.string), names.count == value.array?.count
            else { throw failure("is not a list of names", path) }
            return .required(names)
        case "properties", "additionalProperties":
            if key == "additionalProperties", members["properties"] != nil { return nil }
            let others = members["additionalProperties"]
            let base = path.dropLast(key.utf8.count + 1)
            return .properties(
                key == "properties" ? try nodes(of: value, path) : [:],
                others: try optionalNode(others, "\(base)/additionalProperties"))
        case "propertyNames": return .propertyNames(try node(value, at: path))
        case "prefixItems", "items":
            if key == "items", members["prefixItems"] != nil { return nil }
            let base = path.dropLast(key.utf8.count + 1)
            return .items(
                prefix: key == "prefixItems" ? try list(value, path) : [],
                rest: try optionalNode(members["items"], "\(base)/items"))
        case "uniqueItems":
            guard let isUnique = value.bool else { throw failure("is not true or false", path) }
            return isUnique ? .unique : nil
        case "minimum": return .bound(try number(value, path), .atLeast)
        case "maximum": return .bound(try number(value, path), .atMost)
        case "exclusiveMinimum": return .bound(try number(value, path), .above)
        case "exclusiveMaximum": return .bound(try number(value, path), .below)
        case "minLength", "maxLength":
            return .count(try count(value, path), .characters, isMinimum: key == "minLength")
        case "minItems", "maxItems":
            return .count(try count(value, path), .elements, isMinimum: key == "minItems")
        case "minProperties", "maxProperties":
            return .count(try count(value, path), .keys, isMinimum: key == "minProperties")
        case "pattern":
            guard let text = value.string, let pattern = SchemaPattern(text) else {
                throw failure("is not a regular expression", path)
            }
            return .pattern(pattern)
        case "allOf": return .all(try list(value, path))
        case "anyOf": return .any(try list(value, path))
        case "oneOf": return .one(try list(value, path))
        case "not": return .not(try node(value, at: path))
        case "if":
            let base = path.dropLast(3)
            return .conditional(
                if: try node(value, at: path),
                then: try optionalNode(members["then"], "\(base)/then"),
                else: try optionalNode(members["else"], "\(base)/else"))
        default:
            guard members["if"] != nil else { throw failure("needs an 'if' beside it", path) }
            return nil
        }
    }

    private mutating func optionalNode(_ json: JSON?, _ path: String) throws(DocumentError)
        -> SchemaNode?
    {
        guard let json else { return nil }
        return try node(json, at: path)
    }

    private mutating func nodes(of json: JSON, _ path: String) throws(DocumentError) -> [String:
        SchemaNode]
    {
        guard let members = json.object else { throw failure("is not an object", path) }
        var nodes: [String: SchemaNode] = [:]
        for (key, value) in members { nodes[key] = try node(value, at: "\(path)/\(key)") }
        return nodes
    }

    private mutating func list(_ json: JSON, _ path: String) throws(DocumentError) -> [SchemaNode] {
        guard let values = json.array, !values.isEmpty else {
            throw failure("is not a list of schemas", path)
        }
        var nodes: [SchemaNode] = []
        for (index, value) in values.enumerated() {
            nodes.append(try node(value, at: "\(path)/\(index)"))
        }
        return nodes
    }

    private func number(_ json: JSON, _ path: String) throws(DocumentError) -> Double {
        guard let value = json.double else { throw failure("is not a number", path) }
        return value
    }

    private func count(_ json: JSON, _ path: String) throws(DocumentError) -> Int {
        guard let value = json.int, value >= 0 else { throw failure("is not a count", path) }
        return value
    }

    private func failure(_ message: String, _ path: String) -> DocumentError {
        DocumentError(
            .schema,
            "the schema '\(name)' is wrong: \(path.isEmpty ? "the root" : path) \(message)")
    }
}
