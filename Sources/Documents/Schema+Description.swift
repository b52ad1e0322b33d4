extension Schema {
    /// What the schema `name`, which is part of this program, says of the member at `path`: the
    /// first `description` of the member's own schema and those that its `$ref`s lead to; nil where
    /// there is no such member, or nothing is said. The empty path is the document itself.
    ///
    /// Members are looked for in `properties`, through `$ref`, and in no form of a `oneOf`.
    package static func description(of path: [String], in name: String) -> String? {
        guard var place = file(name).map({ [(json: $0, file: name)] }) else { return nil }
        for key in path {
            let found = place.lazy.compactMap { node in
                node.json["properties"]?[key].map { (json: $0, file: node.file) }
            }.first
            guard let found else { return nil }
            place = chain(found.json, file: found.file)
        }
        return place.lazy.compactMap { $0.json["description"]?.string }.first
    }

    /// A schema of the file `name` and those that its `$ref`s lead to, one after the other.
    private static func chain(_ json: JSON, file name: String) -> [(json: JSON, file: String)] {
        var places = [(json: json, file: name)]
        while let last = places.last, let text = last.json["$ref"]?.string,
            places.count < SchemaCheck.maximumReferences
        {
            let parts = text.split(separator: "#", omittingEmptySubsequences: false)
            let other = parts[0].isEmpty ? last.file : String(parts[0].dropLast(5))
            let keys = parts.count > 1 ? parts[1].split(separator: "/") : []
            var node = file(other)
            for key in keys { node = node?[String(key)] }
            guard let node else { break }
            places.append((node, other))
        }
        return places
    }

    private static func file(_ name: String) -> JSON? { (try? document(name)) ?? nil }
}
