/// How many single-character edits lie between two words: for "did you mean" in messages.
public enum EditDistance {
    /// Returns the number of insertions, deletions, replacements and swaps of neighbours that turn
    /// `a` into `b`.
    ///
    /// The optimal string alignment distance (Boytsov 2011, "Indexing methods for approximate
    /// dictionary searching", §2.2). O(|a|·|b|).
    public static func between(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, before[j - 1] + 1)
                }
                row.append(best)
            }
            before = last
            last = row
        }
        return last[b.count]
    }

    /// Returns the candidate nearest to `word`, or nil where none is near: a third of its
    /// characters may differ.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String?
    {
        guard word.count <= 64 else { return nil }
        let limit = max(1, (word.count + 1) / 3)
        return candidates.lazy.map { (between(word, $0), $0) }.filter { $0.0 <= limit }.min {
            $0 < $1
        }?.1
    }
}
