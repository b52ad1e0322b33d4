internal import Documents
internal import Fields

/// A number that is fixed, or drawn uniformly from a range.
///
/// Draws lie on a grid of 2⁻¹⁰, so that they are short in print and their number is known.
public struct ParameterRange: Hashable, Sendable {
    /// The smallest number.
    public let from: Double
    /// The largest number; equal to `from` where the number is fixed.
    public let to: Double

    /// Steps of the grid in a unit.
    static let steps = 1024.0

    /// Creates a range; `Design` checks it.
    public init(from: Double, to: Double) {
        self.from = from
        self.to = to
    }

    /// Creates a fixed number, on the grid or not.
    public init(_ value: Double) { self.init(from: value, to: value) }

    /// Whether there is nothing to draw.
    public var isFixed: Bool { from == to }

    /// The multiples of 2⁻¹⁰ in the range, as integers; empty where bounds are wrong or enclose
    /// none.
    private var grid: Range<Int> {
        guard isPossible else { return 0..<0 }
        let least = Int((from * ParameterRange.steps).rounded(.up))
        return least..<max(least, Int((to * ParameterRange.steps).rounded(.down)) + 1)
    }

    /// How many different numbers can be drawn; 0 where the range is wrong.
    var count: Int { !isPossible ? 0 : isFixed ? 1 : grid.count }

    /// Whether the bounds are ordered and from 0 to `ShapeLimits.maximumExtent`, which is above all
    /// angles.
    private var isPossible: Bool {
        let bounds = 0...ShapeLimits.maximumExtent
        return bounds.contains(from) && bounds.contains(to) && from <= to
    }

    /// The number that a random word chooses: ⌊word·count/2³²⌋ steps above the least one.
    func draw(_ word: UInt32) -> Double {
        guard !isFixed else { return from }
        return Double(grid.lowerBound + Int((UInt64(word) * UInt64(grid.count)) >> 32))
            / ParameterRange.steps
    }

    /// A number, or an object of `from` and `to`.
    var json: JSON {
        isFixed ? .number(from) : .object(["from": .number(from), "to": .number(to)])
    }

    /// Reads what `json` writes; `words` stand for ranges of their own.
    init(json: JSON, of context: String, words: [String: ParameterRange] = [:])
        throws(SamplingError)
    {
        if let value = json.double {
            self.init(value)
        } else if let word = json.string, let range = words[word] {
            self = range
        } else {
            let members = try Members(json, of: context, required: ["from", "to"])
            self.init(from: try members.double("from"), to: try members.double("to"))
        }
    }
}
