internal import Foundation

extension URL {
    /// The file or folder that the system knows by `path`.
    ///
    /// Foundation takes a leading `~` for the user's home, as shells do; to the system it is a name
    /// like any other.
    package init(literalPath path: String, isDirectory: Bool? = nil) {
        let path = path.hasPrefix("~") ? "./\(path)" : path
        if let isDirectory {
            self.init(fileURLWithPath: path, isDirectory: isDirectory)
        } else {
            self.init(fileURLWithPath: path)
        }
    }
}
