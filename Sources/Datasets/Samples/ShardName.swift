package import Sampling

/// What shards are called, and the steps that write them.
package enum ShardName {
    /// What shards of added samples are called before their digest.
    package static let added = "added-"

    /// The name of the shard of `part` with this number.
    package static func of(_ part: Split.Part, _ number: Int) -> String {
        "\(part.rawValue)-\(SampleListing.Part.digits(number)).h5"
    }

    /// The step that writes the shard called `name`.
    package static func step(_ name: String) -> String {
        let plain = name.replacing(".h5", with: "")
        return name.hasPrefix(added) ? plain : "pack-\(plain)"
    }
}
