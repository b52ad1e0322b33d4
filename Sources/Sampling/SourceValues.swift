/// How the values of a configuration's sources are drawn.
///
/// Values are drawn on a grid of 2⁻²⁴, whose multiples in (0, 1] are exact in binary32, so that the
/// image x stored as Float equals the configuration that the id is made from.
public enum SourceValues: Hashable, Sendable {
    /// The first source has value 1, the others are uniform on (above, upTo], a part of (0, 1]
    /// (Toledo-Marín et al. 2023, §2, with the defaults).
    case anchored(above: Double = 0, upTo: Double = 1)
    /// All sources are uniform on [from, upTo], a part of (0, 1], and then divided by the largest
    /// of them and rounded to binary32 (the paper's released generator has 0.01 to 1).
    case rescaled(from: Double = 0.01, upTo: Double = 1)

    /// Steps of the grid in a unit, 2²⁴.
    package static let steps = 0x1p24

    /// The multiples of 2⁻²⁴ that a word can draw, as integers; empty where the bounds are out of
    /// range or enclose no multiple.
    package var grid: Range<Int> {
        switch self {
        case .anchored(let above, let upTo):
            guard above >= 0, above < upTo, upTo <= 1 else { return 0..<0 }
            let below = Int((above * SourceValues.steps).rounded(.down))
            return below + 1..<Int((upTo * SourceValues.steps).rounded(.down)) + 1
        case .rescaled(let from, let upTo):
            guard from > 0, from <= upTo, upTo <= 1 else { return 0..<0 }
            let least = Int((from * SourceValues.steps).rounded(.up))
            return least..<max(least, Int((upTo * SourceValues.steps).rounded(.down)) + 1)
        }
    }

    /// The rule in words, for messages.
    var words: String {
        switch self {
        case .anchored(let above, let upTo): "anchored with values above \(above) up to \(upTo)"
        case .rescaled(let from, let upTo): "rescaled with values from \(from) up to \(upTo)"
        }
    }

    /// Returns a random element of `grid`, as an integer number of steps.
    ///
    /// ⌊word·n/2³²⌋ for n = `grid.count`: with n = 2²⁴ these are the word's upper 24 bits, exactly
    /// uniform; for a smaller n an element's chance is off by at most the fraction n/2³² < 2⁻⁸, and
    /// the distribution function by less than 2⁻³² anywhere.
    package func step(_ word: UInt32) -> Int {
        grid.lowerBound + Int((UInt64(word) * UInt64(grid.count)) >> 32)
    }

    /// Turns drawn steps, one a source, into values in (0, 1]. The first of `anchored` is ignored:
    /// its value is 1.
    package func values(ofSteps steps: [Int]) -> [Double] {
        switch self {
        case .anchored:
            return steps.enumerated().map {
                $0.offset == 0 ? 1 : Double($0.element) / SourceValues.steps
            }
        case .rescaled:
            // The quotient of two integers up to 2²⁴ lies in [2⁻²⁴, 1], and rounding to binary32
            // keeps it there.
            let largest = Double(steps.max() ?? 1)
            return steps.map { Double(Float(Double($0) / largest)) }
        }
    }
}
