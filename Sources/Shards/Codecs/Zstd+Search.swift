extension Zstd {
    /// What a compressor for fields looks for.
    ///
    /// Expanding costs by the repetition and by the coded literal, so each has to save its bytes.
    /// Chosen by measurement of labels of the paper's problem; the article *Measuring* has the
    /// table.
    package struct Search: Hashable, Sendable {
        /// The logarithm, to base 2, of the entries of the table that repetitions are found in.
        let tableBits: Int
        /// Bytes of the shortest repetition that is looked for, 5 to 7.
        let shortestMatch: Int
        /// Whether bytes outside of repetitions get codes as long as they are rare, or are stored.
        let codesLiterals: Bool

        /// For bytes of several planes.
        package static let all = Search(tableBits: 17, shortestMatch: 6, codesLiterals: true)

        /// For what an archive does not predict of labels: noise of a few values, in which what
        /// repeats nearby is enough. Of six pipelines' labels a table of 2⁸ entries takes 1 to 6%
        /// fewer bytes than one of 2¹⁴, and three fifths of the time.
        static let residuals = Search(tableBits: 8, shortestMatch: 7, codesLiterals: true)

        /// For the stream `bytes[range]` of a frame of this form, with byte `plane` of each
        /// element, 0 to 3.
        ///
        /// Byte 2 repeats far away, which takes a table that no longer fits a core's first cache;
        /// the others repeat nearby or hardly at all. On a grid most lowest bytes are zero, and
        /// short repetitions cost more than what is between them. Differences are small numbers:
        /// codes for them save more than repetitions do.
        package init(plane: Int, of form: BloscFrame.Form, in bytes: [UInt8], _ range: Range<Int>) {
            switch form {
            case .plain, .shuffled: self = .all
            case .planes:
                self.init(
                    tableBits: plane == 2 ? 15 : 11, shortestMatch: [7, 6, 5, 5][plane],
                    codesLiterals: !Search.isNoise(bytes, in: range))
            case .differences:
                self.init(
                    tableBits: [11, 13, 15, 11][plane], shortestMatch: 7, codesLiterals: true)
            }
        }

        private init(tableBits: Int, shortestMatch: Int, codesLiterals: Bool) {
            self.tableBits = tableBits
            self.shortestMatch = shortestMatch
            self.codesLiterals = codesLiterals
        }

        /// Whether the bytes other than zero, of which one in 64 is looked at, have 20 values or
        /// more: Simpson's number of equally frequent values, the inverse of the chance that two
        /// are equal (Simpson 1949, *Nature* 163).
        private static func isNoise(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
            var counts = [Int](repeating: 0, count: 256)
            for place in stride(from: range.lowerBound, to: range.upperBound, by: 64) {
                counts[Int(bytes[place])] += 1
            }
            let (sum, squares) = counts.dropFirst().reduce((0, 0)) { ($0.0 + $1, $0.1 + $1 * $1) }
            return sum * sum >= 20 * squares && sum > 0
        }
    }
}
