package import Foundation

/// Times in documents: UTC with thousandths, by RFC 3339: `2026-11-27T16:40:01.250Z`.
package enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// The text of a time.
    package static func text(_ date: Date) -> String { date.formatted(style) }

    /// The time that a text is of; nil where it is of none.
    package static func date(_ text: String) -> Date? { try? style.parse(text) }
}
