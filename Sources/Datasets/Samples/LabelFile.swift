package import Fields
internal import Sampling
package import Shards
package import Solving

/// A file that holds labels in a dataset's folder: a part of the solve stage, or a shard of the
/// base.
///
/// What protects labels looks at these files and what they say of themselves. Manifests and records
/// do not count: a run takes them back before it works, and copies may lack them.
package struct LabelFile {
    /// `.solve` or `.pack`.
    package let stage: Stage
    /// Its name in the stage's folder.
    package let name: String
    package let path: String
    /// The number in its name.
    package let number: Int

    /// The step that writes it.
    package var step: String {
        stage == .solve ? "solve-\(SampleListing.Part.digits(number))" : ShardName.step(name)
    }

    /// Those of `stage` that are there. A link is none: to replace it loses nothing.
    ///
    /// - Throws: `DatasetError` where the folder cannot be read.
    package static func present(_ stage: Stage, in dataset: Dataset) throws -> [LabelFile] {
        let folder = dataset.folder(stage)
        return try PathEntry.names(in: folder).compactMap { name in
            guard let number = number(in: name, of: stage) else { return nil }
            let path = "\(folder)/\(name)"
            guard try PathEntry(at: path) == .file else { return nil }
            return LabelFile(stage: stage, name: name, path: path, number: number)
        }
    }

    /// The number in a file's name, where it is one of these.
    private static func number(in name: String, of stage: Stage) -> Int? {
        let prefixes = stage == .solve ? ["part-"] : Split.Part.allCases.map { "\($0.rawValue)-" }
        guard name.hasSuffix(".h5"), let prefix = prefixes.first(where: name.hasPrefix) else {
            return nil
        }
        let digits = name.dropFirst(prefix.count).dropLast(3)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }

    /// Opens it; nil where it cannot be read and `promised`, that is where the very same is about
    /// to take its place.
    package func reader(promised: Bool) throws -> ShardReader? {
        do { return try reader() } catch {
            guard promised else { throw error }
            return nil
        }
    }

    /// Opens it.
    ///
    /// - Throws: `DatasetError` of kind `.cannotCreate` where it cannot be read.
    package func reader() throws -> ShardReader {
        do { return try ShardReader(path: path, followingLinks: false) } catch {
            throw DatasetError(
                .cannotCreate,
                "\(path) cannot be read, so nobody knows what would be lost (\(error.message)): "
                    + "bring it back, or remove it yourself, or choose another folder for "
                    + "--output, or pass --replace")
        }
    }
}

extension ShardReader {
    /// Whether it says that its labels are of this problem and accuracy.
    package func isOf(_ physics: Physics, _ accuracy: Accuracy) -> Bool {
        ShardAttribute.describing(physics, accuracy).allSatisfy { attributes[$0.name] == $0.value }
            && (attributes["method"] == nil) == (accuracy.method == .auto)
    }

    /// What it says of its labels' accuracy, for people.
    package var accuracyWords: String {
        func text(_ name: String) -> String {
            if case .double(let value)? = attributes[name] { "\(value)" } else { "?" }
        }
        let words = "tolerance \(text("tolerance")), grid \(text("grid"))"
        guard case .string(let method)? = attributes["method"] else { return words }
        return words + ", method \(method)"
    }
}
