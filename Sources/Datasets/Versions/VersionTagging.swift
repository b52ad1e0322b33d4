internal import Fields
internal import Shards

/// What `steadyset tag` does.
public enum VersionTagging {
    /// Gives the version at `reference` the name `name`, or moves the name to it. Returns the
    /// version's id.
    ///
    /// - Throws: `DatasetError` where there is no such version, the name cannot be one, or the
    ///   dataset is in use.
    public static func tag(_ reference: String, as name: String) throws -> String {
        let dataset = try PackedSamples.locate(reference)
        let id = try dataset.manifest(.pack).id
        try locked(dataset) { try Versions(of: dataset).tag(id, as: name) }
        return id.description
    }

    /// Takes the name `name` away from whatever version of the dataset has it.
    ///
    /// - Throws: `DatasetError` of kind `.noInput` where there is no such name.
    public static func delete(_ name: String, of reference: String) throws {
        let dataset = try PackedSamples.locate(reference).at(nil)
        try locked(dataset) {
            let versions = Versions(of: dataset)
            guard try versions.tags()[name] != nil else {
                throw DatasetError(
                    .noInput, "\(dataset.root) has no tag '\(name)': \(try versions.listing())"
                )
            }
            try versions.deleteTags([name])
        }
    }

    private static func locked(_ dataset: Dataset, _ body: () throws -> Void) throws {
        try withExtendedLifetime(try dataset.claim(mustExist: true)) { try body() }
    }
}
