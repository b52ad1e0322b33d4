internal import Documents

/// The codecs that there are.
public enum ShardCodecs {
    /// What `unpack` makes, and all shards have unless told otherwise.
    public static let standard: any ShardCodec = StandardCodec()

    /// All, in the order in which help lists them.
    public static let all: [any ShardCodec] = [
        standard, CompactCodec(), ArchiveCodec(), RecipeCodec(),
    ]

    /// The codec called `name`; nil where there is none.
    public static func named(_ name: String) -> (any ShardCodec)? { all.first { $0.name == name } }

    /// What to say of a codec `name` that there is not.
    public static func unknown(_ name: String) -> String {
        let names = all.map(\.name)
        let near = EditDistance.nearest(to: name, among: names).map { "; did you mean '\($0)'?" }
        return "there is no codec '\(ForeignText.excerpt(name))': codecs are "
            + names.joined(separator: ", ") + (near ?? "")
    }
}
