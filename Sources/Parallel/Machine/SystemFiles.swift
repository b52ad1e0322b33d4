internal import Foundation

/// The files in which the kernel says what there is; nil of everything where it has none.
package struct SystemFiles {
    /// What stands before `/proc` and `/sys`; a test has its own.
    package var root: String

    package init(root: String = "") { self.root = root }

    /// The text of a file.
    package func text(_ path: String) -> String? {
        try? String(contentsOfFile: root + path, encoding: .utf8)
    }

    /// The number that a file or a line begins with.
    package func number(_ path: String) -> Int? { text(path).flatMap(SystemFiles.number) }

    package static func number(_ text: some StringProtocol) -> Int? {
        text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The value behind `key` and a colon, in a file that has a line for each.
    package func value(_ key: String, in path: String) -> String? {
        text(path)?.split(separator: "\n").lazy.map {
            $0.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        }.first { $0.first == key }?.last
    }

    /// A limit of this process that is not infinite, by its name in `/proc/self/limits`.
    package func limit(_ name: String) -> Int? {
        text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap {
            SystemFiles.number($0.dropFirst(name.count))
        }
    }

    /// Where the file system is mounted that holds an absolute `path`, and of what type it is.
    package func mount(of path: String) -> (place: String, type: String)? {
        let lines = text("/proc/self/mountinfo")?.split(separator: "\n") ?? []
        // Of two at one place the later one is seen.
        return lines.compactMap { line -> (place: String, type: String)? in
            let words = line.split(separator: " ").map(String.init)
            guard let hyphen = words.firstIndex(of: "-"), hyphen > 4, hyphen + 1 < words.count
            else { return nil }
            let place = SystemFiles.withoutEscapes(words[4])
            let isAbove = place == "/" || path == place || path.hasPrefix(place + "/")
            return isAbove ? (place, words[hyphen + 1]) : nil
        }.reduce(nil) { best, next in
            best.map { $0.place.utf8.count > next.place.utf8.count } ?? false ? best : next
        }
    }

    /// Blanks and a few others stand as `\040`.
    private static func withoutEscapes(_ text: String) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(text) {
            $0.replacing($1.0, with: $1.1)
        }
    }
}
