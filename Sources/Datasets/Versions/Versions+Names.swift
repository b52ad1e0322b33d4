package import Fields
internal import Sampling

extension Versions {
    /// Refuses a name that is no tag, or that selections of the dataset use for something else: a
    /// part, or `n` and a number of sources.
    package static func check(roundName name: String) throws {
        try check(tag: name)
        let digits = name.utf8.dropFirst()
        let isStratum =
            name.utf8.first == UInt8(ascii: "n") && !digits.isEmpty
            && digits.allSatisfy { (48...57).contains($0) }
        guard Split.Part(rawValue: name) == nil, !isStratum else {
            throw DatasetError(
                .usage,
                "a round cannot be called '\(name)': in selections that name means "
                    + "\(isStratum ? "a number of sources" : "a part"); choose another")
        }
    }

    /// What is said where the name of a new version is another's.
    package static func taken(_ name: String, by other: Digest, in dataset: Dataset)
        -> DatasetError
    {
        DatasetError(
            .cannotCreate,
            "\(dataset.root) has another version called '\(name)' (\(other.short)): go on from "
                + "that one (\(dataset.root)@\(name)), or give the new one another name (--name "
                + "of 'steadyset resample'), or give that one another (steadyset tag) and take "
                + "this name away (steadyset tag --delete), or forget it (steadyset gc --drop "
                + "\(name))")
    }
}
