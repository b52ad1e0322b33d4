/// How fast something goes, and how long the rest will take.
public struct Pace: Hashable, Sendable {
    /// Samples that are to be done.
    public let total: Int
    /// Samples that were done before this work began.
    public let before: Int
    /// Samples that are done.
    public var done: Int
    /// Seconds since this work began.
    public var seconds: Double

    /// The pace of work on `total` samples of which `before` were done before.
    public init(total: Int, before: Int, done: Int? = nil, seconds: Double = 0) {
        (self.total, self.before, self.seconds) = (total, before, seconds)
        self.done = done ?? before
    }

    /// Samples a second since it began; 0 where none is done.
    public var rate: Double {
        seconds > 0 ? max(0, Double(done) - Double(before)) / seconds : 0
    }

    /// Seconds that the rest will take at that rate; nil where it is not known.
    public var left: Double? {
        rate > 0 ? max(0, Double(total) - Double(done)) / rate : nil
    }

    /// Rate and time left for a person.
    public var text: String {
        "\(Words.rate(rate))  \(left.map(Words.duration) ?? "?") left"
    }
}

/// Says when it is time for something that is to happen seldom.
public struct Interval: Sendable {
    private var last: Stopwatch?

    /// The first is due at once.
    public init() {}

    /// Whether `seconds` have passed since this was true for the last time.
    public mutating func isDue(every seconds: Double) -> Bool {
        guard last.map({ $0.seconds >= seconds }) ?? true else { return false }
        last = Stopwatch()
        return true
    }
}
