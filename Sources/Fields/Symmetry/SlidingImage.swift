/// An image on a lattice with periodic sides, and what does not change when it is shifted along
/// them.
struct SlidingImage {
    let places: [SIMD2<Int32>]
    let values: [UInt64]
    let rows: Int
    let columns: Int

    /// The same for all shifts of rows, different for all others.
    var sumForRowShifts: UInt128 {
        CyclicWord(
            lines(rows) {
                Int($0.x)
            } word: {
                UInt64($0.y)
            }
        ).sum
    }

    /// The same for all shifts of columns.
    var sumForColumnShifts: UInt128 {
        CyclicWord(
            lines(columns) {
                Int($0.y)
            } word: {
                UInt64($0.x)
            }
        ).sum
    }

    /// The same for all shifts of both.
    ///
    /// Rows are first taken as what they hold, wherever that is in them: the least turn of that
    /// word says where rows begin. If there are several such turns, and they do not all give the
    /// same image, each is tried. Rows fixed, columns are a cyclic word.
    var sumForAllShifts: UInt128 {
        let loose = CyclicWord(
            lines(rows) {
                Int($0.x)
            } word: { _ in
                0
            })
        let exact = CyclicWord(
            lines(rows) {
                Int($0.x)
            } word: {
                UInt64($0.y)
            })
        let (step, start) = (loose.period, loose.start)
        var least = UInt128.max
        for turn in 0..<max(1, exact.period / step) {
            let first = start + turn * step
            let word = CyclicWord(
                lines(columns) {
                    Int($0.y)
                } word: {
                    UInt64((Int($0.x) - first + 2 * rows) % rows)
                })
            least = min(least, word.sum)
        }
        return least
    }

    /// What each of `count` lines holds: a sum over its sites of `word` and value.
    private func lines(_ count: Int, line: (SIMD2<Int32>) -> Int, word: (SIMD2<Int32>) -> UInt64)
        -> [UInt128]
    {
        var sums = [UInt128](repeating: 0, count: count)
        for (place, value) in zip(places, values) {
            sums[line(place)] &+= Mixing.mix(word(place) << 32 | value)
        }
        return sums
    }
}

/// A word without a beginning.
struct CyclicWord {
    private let letters: [UInt128]
    /// Where the least of its turns begins (Booth 1980, "Lexicographically least circular
    /// substrings"; two candidates in step, as Duval 1983 has it). O(letters).
    let start: Int

    init(_ letters: [UInt128]) {
        self.letters = letters
        let count = letters.count
        var (one, other, length) = (0, 1, 0)
        while one < count, other < count, length < count {
            let a = letters[(one + length) % count]
            let b = letters[(other + length) % count]
            if a == b {
                length += 1
                continue
            }
            // None of the starts that were compared on the larger side can be the least.
            if a > b { one += length + 1 } else { other += length + 1 }
            if one == other { other += 1 }
            length = 0
        }
        start = min(one, other)
    }

    /// The least number of letters by which it can be turned without a change; it divides their
    /// number. O(letters · divisors).
    var period: Int {
        let count = letters.count
        return (1...count).first { step in
            count % step == 0
                && letters.indices.allSatisfy { letters[$0] == letters[($0 + step) % count] }
        } ?? count
    }

    /// The same for all turns, different for different words.
    var sum: UInt128 {
        var sum: UInt128 = 0
        for place in letters.indices {
            let letter = letters[(start + place) % letters.count]
            if letter != 0 { sum &+= Mixing.mix(UInt64(place), letter) }
        }
        return sum
    }
}
