extension Zstd {
    /// What a compressor for fields looks for.
    ///
    /// Expanding costs by the repetition and by the coded literal, so each has to save its bytes.
    /// Chosen by measurement of labels of the paper's problem; the article *Measuring* has the
    /// table.
    package struct Search: Hashable, Sendable {
        /// Bytes of the shortest repetition that is looked for, 5 to 7.
        let shortestMatch: Int
        /// Whether bytes outside of repetitions get codes as long as they are rare, or are stored.
        let codesLiterals: Bool

        /// For bytes of several planes.
        package static let all = Search(shortestMatch: 6, codesLiterals: true)

        /// For the plane that `bytes[range]` are: byte `plane` of each element, 0 to 3.
        ///
        /// On a grid most lowest bytes are zero, and short repetitions cost more than what is
        /// between them.
        package init(plane: Int, in bytes: [UInt8], _ range: Range<Int>) {
            self.init(
                shortestMatch: plane == 0 ? 7 : 5, codesLiterals: !Search.isNoise(bytes, in: range))
        }

        private init(shortestMatch: Int, codesLiterals: Bool) {
            self.shortestMatch = shortestMatch
            self.codesLiterals = codesLiterals
        }

        /// Whether the bytes other than zero, of which one in 16 is looked at, have 20 values or
        /// more: Simpson's number of equally frequent values, the inverse of the chance that two
        /// are equal (Simpson 1949, *Nature* 163).
        private static func isNoise(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
            var counts = [Int](repeating: 0, count: 256)
            for place in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
                counts[Int(bytes[place])] += 1
            }
            let (sum, squares) = counts.dropFirst().reduce((0, 0)) { ($0.0 + $1, $0.1 + $1 * $1) }
            return sum * sum >= 20 * squares && sum > 0
        }
    }
}
