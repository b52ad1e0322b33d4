extension SchemaCheck {
    /// Whether `json` is as `node` asks: as where there are no findings, in a fifth of the time, as
    /// nothing is put into words.
    package func accepts(_ node: SchemaNode, _ json: JSON, references: Int) -> Bool {
        node.keywords.allSatisfy { accepts($0, json, references) }
    }

    private func accepts(_ keyword: SchemaKeyword, _ json: JSON, _ references: Int) -> Bool {
        func same(_ node: SchemaNode) -> Bool { accepts(node, json, references: references) }
        switch keyword {
        case .never: return false
        case .reference(let place, _):
            return references < Self.maximumReferences
                && accepts(schema.nodes[place], json, references: references + 1)
        case .type(let types): return types.contains { $0.holds(json) }
        case .values(let values): return values.contains(json)
        case .required(let names):
            guard let members = json.object else { return true }
            return names.allSatisfy { members[$0] != nil }
        case .properties(let known, let others):
            return (json.object ?? [:]).allSatisfy { key, value in
                guard let node = known[key] ?? others else { return true }
                return accepts(node, value, references: 0)
            }
        case .propertyNames(let node):
            return (json.object ?? [:]).keys.allSatisfy {
                accepts(node, .string($0), references: 0)
            }
        case .items(let prefix, let rest):
            return (json.array ?? []).enumerated().allSatisfy { index, value in
                guard let node = index < prefix.count ? prefix[index] : rest else { return true }
                return accepts(node, value, references: 0)
            }
        case .unique:
            guard let values = json.array else { return true }
            return Set(values).count == values.count
        case .bound(let bound, let comparison):
            return json.double.map { comparison.holds($0, bound) } ?? true
        case .count(let limit, let counted, let isMinimum):
            guard let count = count(json, counted) else { return true }
            return isMinimum ? count >= limit : count <= limit
        case .pattern(let pattern): return json.string.map(pattern.matches) ?? true
        case .all(let nodes): return nodes.allSatisfy(same)
        case .any(let nodes): return nodes.contains(where: same)
        case .one(let nodes): return nodes.count(where: same) == 1
        case .not(let node): return !same(node)
        case .conditional(let condition, let then, let otherwise):
            return (same(condition) ? then : otherwise).map(same) ?? true
        }
    }
}
