package import Documents

/// What a pipeline says of its dataset that does not follow from the data: for cards and metadata,
/// part of no id.
package struct DatasetAbout: Hashable, Sendable {
    package var title: String?
    package var description: String?
    /// An identifier of SPDX, such as `CC-BY-4.0`.
    package var license: String?
    package var creators: [String] = []
    /// Where it is published.
    package var url: String?

    /// Nothing is said.
    package init() {}

    /// What `license` is where nothing else is said.
    package static let defaultLicense = "CC-BY-4.0"

    /// Whether `text` has the form of an identifier of SPDX.
    package static func isLicense(_ text: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            Character(UnicodeScalar(byte)).isLetter || (48...57).contains(byte)
        }
        return (1...64).contains(text.utf8.count) && isPlain(text.utf8.first ?? 0)
            && text.utf8.allSatisfy { $0 < 128 && (isPlain($0) || "+-.".utf8.contains($0)) }
    }

    /// Reads what `json` writes; `context` is for messages.
    package init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(
            json, of: context, required: [],
            optional: ["title", "description", "license", "creators", "url"])
        func text(_ key: String) throws(DatasetError) -> String? {
            members.has(key) ? try members.string(key) : nil
        }
        title = try text("title")
        description = try text("description")
        license = try text("license")
        url = try text("url")
        if members.has("creators") {
            creators = try members.get("creators", "names") { json in
                json.array.flatMap { names in
                    let texts = names.compactMap(\.string)
                    return texts.count == names.count && !texts.isEmpty ? texts : nil
                }
            }
        }
    }

    /// The members that are said; nil where none is.
    package var json: JSON? {
        var members: [String: JSON] = [:]
        members["title"] = title.map(JSON.string)
        members["description"] = description.map(JSON.string)
        members["license"] = license.map(JSON.string)
        members["url"] = url.map(JSON.string)
        if !creators.isEmpty { members["creators"] = .array(creators.map(JSON.string)) }
        return members.isEmpty ? nil : .object(members)
    }
}
