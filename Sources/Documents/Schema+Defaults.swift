extension Schema {
    /// Returns `json` with the `default` of each member that is missing, at any depth.
    ///
    /// Of `oneOf` and `anyOf` the first form that `json` has gives defaults, of a condition the
    /// side that applies, as annotations are collected (JSON Schema 2020-12, Core §7.7.1). Members
    /// come before conditions, so a condition sees defaults of its own object. `json` is a document
    /// that the schema accepts; of another what can be filled is. Time and depth are those of a
    /// check.
    public func filled(_ json: JSON) -> JSON {
        SchemaDefaults(schema: self).filled(nodes[0], json, references: 0)
    }
}

/// Fills in the defaults of one document.
private struct SchemaDefaults {
    let schema: Schema

    func filled(_ node: SchemaNode, _ json: JSON, references: Int) -> JSON {
        node.keywords.reduce(json) { filled($1, $0, references) }
    }

    private func filled(_ keyword: SchemaKeyword, _ json: JSON, _ references: Int) -> JSON {
        func accepts(_ node: SchemaNode) -> Bool {
            SchemaCheck(schema: schema).findings(node, json, path: "", references: references)
                .isEmpty
        }
        switch keyword {
        case .reference(let place, _):
            guard references < SchemaCheck.maximumReferences else { return json }
            return filled(schema.nodes[place], json, references: references + 1)
        case .properties(let known, _):
            guard var members = json.object else { return json }
            for (key, node) in known {
                guard let value = members[key] ?? node.fallback else { continue }
                members[key] = filled(node, value, references: 0)
            }
            return .object(members)
        case .items(let prefix, let rest):
            guard let values = json.array else { return json }
            return .array(
                values.enumerated().map { index, value in
                    guard let node = index < prefix.count ? prefix[index] : rest else {
                        return value
                    }
                    return filled(node, value, references: 0)
                })
        case .all(let nodes):
            return nodes.reduce(json) { filled($1, $0, references: references) }
        case .any(let nodes), .one(let nodes):
            guard let form = nodes.first(where: accepts) else { return json }
            return filled(form, json, references: references)
        case .conditional(let condition, let then, let otherwise):
            guard let side = accepts(condition) ? then : otherwise else { return json }
            return filled(side, json, references: references)
        default: return json
        }
    }
}
