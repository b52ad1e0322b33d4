internal import Documents
package import Fields
package import Shards

/// The JSON Lines files of the sample stage.
package enum ConfigurationsFile {
    private static let maximumBytes = 1 << 30

    /// Reads one file of the sample stage's manifest and checks it: size, digest, every line, and
    /// the ids.
    package static func read(
        _ file: Manifest.File, in folder: String, physics: Physics, ids: Digest
    ) throws -> [ListedConfiguration] {
        let path = try SafePath.resolve(file.path, in: folder)
        let bytes = try OpenFile.reading(path).readAll(maximumBytes: maximumBytes)
        guard bytes.count == file.bytes, Digest(of: bytes) == file.sha256 else {
            throw DatasetError(
                .data,
                "\(path) was altered: it is not what the manifest beside it lists; run 'steadyset "
                    + "sample' again")
        }
        var items: [ListedConfiguration] = []
        var hasher = Digest.Hasher()
        for (number, line) in bytes.split(separator: 10).enumerated() {
            let json = try JSON.parse(line: line, number: number + 1, source: path)
            let configuration = try ImportedConfigurations.parse(
                line, number: number + 1, path: path, physics: physics, schema: nil)
            let id = configuration.id
            guard json["id"]?.string == id.description, let index = json["index"]?.int, index >= 0
            else {
                throw DatasetError(
                    .data, "\(path):\(number + 1): the id is not that of the configuration")
            }
            hasher.update(id.bits.littleEndianBytes)
            items.append(ListedConfiguration(configuration: configuration, id: id, index: index))
        }
        guard items.count == file.samples, hasher.finish() == ids else {
            throw DatasetError(
                .data,
                "\(path) does not hold the configurations that the manifest beside it lists")
        }
        return items
    }
}
