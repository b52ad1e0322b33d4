internal import Documents
package import Fields
internal import Foundation
package import Shards

/// What a person writes for a dataset or a version of it: `DATASET` or `DATASET@VERSION`.
package struct DatasetReference {
    /// The folder.
    package let path: String
    /// What follows the last `@`, or nil for the base.
    package let version: String?

    /// Takes `text` apart. A path that exists is meant as it is, whatever signs it has.
    package init(_ text: String) {
        if InputFile.isFolder(text) == nil, let sign = text.lastIndex(of: "@") {
            path = String(text[..<sign])
            version = String(text[text.index(after: sign)...])
        } else {
            path = text
            version = nil
        }
    }
}

extension Dataset {
    /// The dataset that `text` names, `DATASET` or `DATASET@VERSION`.
    ///
    /// - Throws: `DatasetError` of kind `.noInput` where there is none, or no such version.
    package init(reference text: String) throws { self = try Dataset.locate(text).0 }

    /// The version `version` of this dataset, which is a tag, `base`, or the first digits of an id;
    /// the dataset as it is for nil.
    ///
    /// - Throws: `DatasetError` that lists the versions where there is none like it, or several.
    package func at(version: String?) throws -> Dataset {
        guard let version else { return self }
        return at(try Versions(of: self).resolve(version))
    }

    /// How a person refers to it, its version included.
    package var name: String { version.map { "\(root)@\($0.short)" } ?? root }
}

extension Digest {
    /// The first 16 digits, by which files of versions are named.
    package var short: String { String(description.prefix(16)) }

    /// The fewest digits that name a version.
    package static let fewestDigits = 4

    /// Whether these are digits of one: lower-case and hexadecimal.
    package static func areDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

extension Manifest {
    /// The id of the version that this version of a dataset was made from; nil for the base, and of
    /// other stages.
    package var parent: Digest? {
        stage == Stage.pack.rawValue ? content["parent"]?.string.flatMap(Digest.init(hex:)) : nil
    }

    /// Where a pack stage's manifest is, relative to its dataset.
    package var packPath: String {
        "\(Stage.pack.rawValue)/\(parent == nil ? Manifest.fileName : PackManifest.fileName(of: id))"
    }
}
