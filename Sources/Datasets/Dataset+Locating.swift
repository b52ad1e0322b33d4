internal import Fields
internal import Shards

extension Dataset {
    /// The dataset and the stages that `path` is: the dataset's folder, or a stage's folder in it.
    ///
    /// `path` may be `DATASET@VERSION`: then the stages are those of data.
    package static func locate(_ path: String) throws -> (Dataset, [Stage]) {
        let reference = DatasetReference(path)
        let (dataset, stages) = try locate(folder: reference.path)
        guard let version = reference.version else { return (dataset, stages) }
        guard try stages.contains(.pack) || !Versions(of: dataset).shortIDs().isEmpty else {
            throw DatasetError(
                .noInput,
                "\(reference.path) has no shards, and so no version '\(version)': run 'steadyset "
                    + "run' with it first")
        }
        return (
            try dataset.at(version: version),
            Stage.ofData.filter { $0 == .pack || stages.contains($0) }
        )
    }

    private static func locate(folder path: String) throws -> (Dataset, [Stage]) {
        let root = Dataset(root: path).root
        guard InputFile.isFolder(root) == true else {
            throw DatasetError(.noInput, "\(root): there is no such folder")
        }
        func has(_ folder: String) -> Bool {
            InputFile.isFolder("\(folder)/\(Manifest.fileName)") == false
        }
        let present = Stage.allCases.filter { has("\(root)/\($0.rawValue)") }
        if !present.isEmpty { return (Dataset(root: root), present) }
        if has(root), let stage = Stage(rawValue: try Manifest.read(folder: root).stage) {
            return (Dataset(alone: stage, folder: root), [stage])
        }
        throw DatasetError(
            .noInput,
            "\(root) holds no finished stage of a dataset: there is no manifest.json in it, nor "
                + "in sample, solve, split, pack, train or evaluate below it")
    }
}
