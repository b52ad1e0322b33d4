/// One comparison of a document with a schema.
package struct SchemaCheck {
    package let schema: Schema

    package init(schema: Schema) { self.schema = schema }

    /// One violation, and what choosing among the forms of a `oneOf` needs to know of it.
    package struct Finding {
        package let path: String
        package let message: String
        package var kind = Kind.other
        package var unknownKey: String?

        package enum Kind {
            /// The value is of another type: this form was not meant.
            case type([JSONType])
            /// The value is not one of these: where the form's values tell the forms apart, it was
            /// not meant.
            case values([JSON])
            /// The number is beyond this bound.
            case bound(Double, SchemaKeyword.Comparison)
            /// Anything else.
            case other
        }
    }

    /// Once there are so many findings in one place, no more are looked for: a person reads a few,
    /// and a stranger's document could have millions.
    private static let maximumFindings = 64

    /// Definitions that refer to each other in a circle, without a step into the document, end
    /// here.
    package static let maximumReferences = 64

    /// Returns what in `json`, which is at `path`, is not as `node` asks.
    package func findings(_ node: SchemaNode, _ json: JSON, path: String, references: Int)
        -> [Finding]
    {
        var findings: [Finding] = []
        for keyword in node.keywords {
            let found = self.findings(keyword, json, path, references)
            findings += found
            // Of a value of the wrong type nothing else is worth saying.
            if case .type = keyword, !found.isEmpty { return findings }
        }
        return SchemaCheck.strictest(findings)
    }

    /// Of several bounds that a number breaks, such as a definition's and its own, the strictest
    /// alone.
    private static func strictest(_ findings: [Finding]) -> [Finding] {
        guard findings.count > 1 else { return findings }
        return findings.filter { finding in
            guard case .bound(let bound, let comparison) = finding.kind else { return true }
            let isLower = comparison == .above || comparison == .atLeast
            return !findings.contains { other in
                guard case .bound(let stricter, _) = other.kind else { return false }
                return other.path == finding.path
                    && (isLower ? stricter > bound : stricter < bound)
            }
        }
    }

    private func findings(_ keyword: SchemaKeyword, _ json: JSON, _ path: String, _ references: Int)
        -> [Finding]
    {
        func found(_ message: String, _ kind: Finding.Kind = .other) -> [Finding] {
            [Finding(path: path, message: message, kind: kind)]
        }
        func same(_ node: SchemaNode) -> [Finding] {
            findings(node, json, path: path, references: references)
        }
        switch keyword {
        case .never: return found("is \(json.brief), nothing is allowed here")
        case .reference(let place, let name):
            guard references < Self.maximumReferences else {
                return found(
                    "cannot be checked: the schema's definition '\(name)' refers to itself")
            }
            return findings(schema.nodes[place], json, path: path, references: references + 1)
        case .type(let types):
            return types.contains { $0.holds(json) }
                ? [] : found(wrongType(json, types), .type(types))
        case .values(let values):
            return values.contains(json) ? [] : found(wrongValue(json, values), .values(values))
        case .required(let names):
            guard let members = json.object else { return [] }
            return names.filter { members[$0] == nil }.flatMap { found("missing key '\($0)'") }
        case .properties(let known, let others):
            guard let members = json.object else { return [] }
            return properties(members, known, others, path)
        case .propertyNames(let node):
            return SchemaCheck.some((json.object ?? [:]).keys.sorted()) { key in
                findings(node, .string(key), path: path, references: 0).map {
                    Finding(path: path, message: "the key '\(key.shortened)' \($0.message)")
                }
            }
        case .items(let prefix, let rest):
            return SchemaCheck.some((json.array ?? []).enumerated()) { index, value in
                guard let node = index < prefix.count ? prefix[index] : rest else { return [] }
                return findings(node, value, path: "\(path)/\(index)", references: 0)
            }
        case .unique:
            guard let values = json.array, Set(values).count < values.count else { return [] }
            return found("has two equal elements")
        case .bound(let bound, let comparison):
            guard let value = json.double, !comparison.holds(value, bound) else { return [] }
            return found(
                "is \(json.brief), must be \(comparison.rawValue) \(JSON.number(bound).brief)",
                .bound(bound, comparison))
        case .count(let limit, let counted, let isMinimum):
            guard let count = count(json, counted), isMinimum ? count < limit : count > limit else {
                return []
            }
            return found(
                "has \(count) \(counted.rawValue), must have at \(isMinimum ? "least" : "most") "
                    + "\(limit)")
        case .pattern(let pattern):
            guard let text = json.string, !pattern.matches(text) else { return [] }
            return found("is \(json.brief), must match \(pattern.text)")
        case .all(let nodes): return nodes.flatMap(same)
        case .any(let nodes):
            let branches = nodes.map(same)
            return branches.contains(where: \.isEmpty) ? [] : nearest(branches, json, path)
        case .one(let nodes):
            let branches = nodes.map(same)
            switch branches.count(where: \.isEmpty) {
            case 0: return nearest(branches, json, path)
            case 1: return []
            default: return found("fits more than one of the forms that are allowed")
            }
        case .not(let node):
            return same(node).isEmpty ? found("is \(json.brief), which is not allowed") : []
        case .conditional(let condition, let then, let otherwise):
            return (same(condition).isEmpty ? then : otherwise).map(same) ?? []
        }
    }

    private func properties(
        _ members: [String: JSON], _ known: [String: SchemaNode], _ others: SchemaNode?,
        _ path: String
    ) -> [Finding] {
        SchemaCheck.some(members.sorted { $0.key < $1.key }) { key, value in
            let inner = "\(path)/\(key.pointerToken)"
            if let node = known[key] { return findings(node, value, path: inner, references: 0) }
            guard let others else { return [] }
            if case .never? = others.keywords.first {
                let free = known.keys.filter { members[$0] == nil }
                let hint = EditDistance.nearest(to: key, among: free).map {
                    ": did you mean '\($0)'?"
                }
                let valid = known.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
                let message = "unknown key '\(key.shortened)'" + (hint ?? "; there are \(valid)")
                return [Finding(path: path, message: message, unknownKey: key)]
            }
            return findings(others, value, path: inner, references: 0)
        }
    }

    /// The findings of the first elements, up to `maximumFindings` of them.
    private static func some<Elements: Sequence>(
        _ elements: Elements, _ findings: (Elements.Element) -> [Finding]
    ) -> [Finding] {
        var all: [Finding] = []
        for element in elements {
            all += findings(element)
            if all.count >= maximumFindings { break }
        }
        return all
    }

    /// Returns the findings of the form that was meant, of several that all fail.
    ///
    /// Forms of another type are out; so are those whose constants, one level down, are others than
    /// the document's. Of the rest, the form with the fewest findings. Where no form is left, what
    /// the forms allow between them.
    private func nearest(_ branches: [[Finding]], _ json: JSON, _ path: String) -> [Finding] {
        let ofType = branches.filter { branch in
            !branch.contains { if case .type = $0.kind { $0.path == path } else { false } }
        }
        if ofType.isEmpty {
            let types = branches.flatMap { branch in
                branch.flatMap {
                    if case .type(let types) = $0.kind, $0.path == path {
                        types
                    } else {
                        [JSONType]()
                    }
                }
            }
            return [Finding(path: path, message: wrongType(json, types), kind: .type(types))]
        }
        let constants = ofType.map { $0.filter { isDiscriminator($0, path) } }
        let meant = zip(ofType, constants).filter { $0.1.isEmpty }.map(\.0)
        if let best = meant.min(by: { $0.count < $1.count }) { return best }
        // Every form names constants that the document does not have: say all of them at once,
        // where they are.
        let place = constants[0][0].path
        let values = constants.flatMap { findings in
            findings.flatMap {
                if case .values(let values) = $0.kind, $0.path == place { values } else { [JSON]() }
            }
        }
        guard constants.allSatisfy({ $0.contains { $0.path == place } }),
            let value = place == path
                ? json : json[String(place.dropFirst(path.count + 1)).fromPointerToken]
        else { return ofType.min { $0.count < $1.count } ?? [] }
        return [Finding(path: place, message: wrongValue(value, values), kind: .values(values))]
    }

    private func isDiscriminator(_ finding: Finding, _ path: String) -> Bool {
        guard case .values = finding.kind, finding.path.hasPrefix(path) else { return false }
        return finding.path.dropFirst(path.count).count(where: { $0 == "/" }) <= 1
    }

    func count(_ json: JSON, _ counted: SchemaKeyword.Counted) -> Int? {
        switch counted {
        case .characters: json.string?.unicodeScalars.count
        case .elements: json.array?.count
        case .keys: json.object?.count
        }
    }

    private func wrongType(_ json: JSON, _ types: [JSONType]) -> String {
        var nouns: [String] = []
        for type in types where !nouns.contains(type.noun) { nouns.append(type.noun) }
        return "is \(json.brief), must be \(nouns.joined(separator: " or "))"
    }

    private func wrongValue(_ json: JSON, _ values: [JSON]) -> String {
        let hint = json.string.flatMap {
            EditDistance.nearest(to: $0, among: values.compactMap(\.string))
        }
        var list: [String] = []
        for value in values where !list.contains(value.brief) { list.append(value.brief) }
        let must = list.count == 1 ? list[0] : "one of " + list.joined(separator: ", ")
        return "is \(json.brief), must be \(must)" + (hint.map { ": did you mean '\($0)'?" } ?? "")
    }
}

extension JSON {
    /// The value in a few words, for messages.
    fileprivate var brief: String {
        switch self {
        case .string(let text): "'\(text.shortened)'"
        case .array(let values): "an array of \(values.count)"
        case .object: "an object"
        case .null, .bool, .number: canonicalText
        }
    }
}

extension String {
    /// At most 40 characters of it, for messages. O(1).
    package var shortened: String {
        // By scalars: one character may be made of any number of them.
        guard utf8.count > 40,
            let end = unicodeScalars.index(startIndex, offsetBy: 40, limitedBy: endIndex),
            end < endIndex
        else { return self }
        return "\(self[..<end])…"
    }

    /// The key as a step of a JSON pointer (RFC 6901, §4), a long one shortened: every place below
    /// it repeats it.
    fileprivate var pointerToken: String { shortened.asPointerToken }

    /// The key as a step of a JSON pointer.
    var asPointerToken: String {
        // Most keys have neither, and every member of a document comes here.
        guard utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") })
        else { return self }
        return replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// The key that a step of a JSON pointer stands for.
    var fromPointerToken: String {
        replacing("~1", with: "/").replacing("~0", with: "~")
    }
}
