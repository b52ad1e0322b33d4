internal import Fields

/// Members that arrive one after another, member i after an exponential time of rate wᵢ: the first
/// to arrive are samples without replacement with chances in proportion to w.
struct Race {
    private let pool: AcquisitionPool
    /// By the time of arrival, all in base-2 logarithms and times in units of ln 2.
    private let racers: [(time: Double, rate: Double, member: Int)]

    /// Runs a race in which members have the rates 2^`rate`; of the rate −∞ they never arrive.
    init(_ members: [Int], in pool: AcquisitionPool, rate: (Int) -> Double) {
        self.pool = pool
        racers = members.map { member -> (time: Double, rate: Double, member: Int) in
            let rate = rate(member)
            return (Elementary.log2(-Elementary.log2(pool.draw(member))) - rate, rate, member)
        }.sorted {
            ($0.time, pool.candidates.ids[$0.member].bits) < (
                $1.time, pool.candidates.ids[$1.member].bits
            )
        }
    }

    /// The first `count` to arrive. Given when the next one arrives, τ, member i was in time with
    /// the chance 1 − e^(−wᵢ τ), which makes weighted sums unbiased.
    func first(_ count: Int) -> [Choice] {
        let next = count < racers.count ? racers[count].time : .infinity
        return racers.prefix(count).map { racer in
            let logarithm = racer.rate + next
            let probability: Double? =
                if next == .infinity {
                    // Nobody, or nobody with a chance, was left.
                    racer.rate == -.infinity ? nil : 1
                } else { 1 - Elementary.exp2(-Elementary.exp2(min(max(logarithm, -900), 9.9))) }
            return Choice(candidate: racer.member, probability: probability)
        }
    }
}
