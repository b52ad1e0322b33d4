internal import Foundation

/// Numbers as people read them.
public enum Words {
    /// Bytes with a decimal unit: `1.2 MB`.
    public static func bytes(_ count: Int) -> String {
        if count < 1000 { return "\(count) B" }
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            if value < 999.5 || unit == "TB" { return "\(digits(value)) \(unit)" }
            value /= 1000
        }
        return ""
    }

    /// Seconds as `0.8 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
    public static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<99.5: return "\(digits(seconds)) s"
        case ..<5970: return "\(Int(seconds.rounded()) / 60) min \(Int(seconds.rounded()) % 60) s"
        default: return "\(Int(seconds / 60) / 60) h \(Int(seconds / 60) % 60) min"
        }
    }

    /// Samples per second: `312 samples/s`.
    public static func rate(_ perSecond: Double) -> String { "\(digits(perSecond)) samples/s" }

    /// Three significant digits at most, two below 10.
    package static func digits(_ value: Double) -> String {
        value < 9.95 ? String(format: "%.1f", value) : String(format: "%.0f", value)
    }
}
