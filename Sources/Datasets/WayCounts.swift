package import Documents
package import Solving

/// How many labels each way made, as records, provenance and benchmarks tell it.
package enum WayCounts {
    /// A member for each way.
    package static func json(_ counts: [Solution.Way: Int]) -> JSON {
        .object(
            Solution.Way.allCases.reduce(into: [:]) {
                $0[$1.rawValue] = .integer(counts[$1] ?? 0)
            })
    }

    /// Reads what `json` writes; nil where it is something else.
    package static func read(_ json: JSON) -> [Solution.Way: Int]? {
        var counts: [Solution.Way: Int] = [:]
        for way in Solution.Way.allCases {
            guard let count = json[way.rawValue]?.int else { return nil }
            counts[way] = count
        }
        return counts
    }

    /// `380 direct, 20 multigrid`: those that made one.
    package static func words(_ counts: [Solution.Way: Int]) -> String {
        let words = Solution.Way.allCases.compactMap { way in
            counts[way].flatMap { $0 > 0 ? "\($0) \(way.words)" : nil }
        }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }
}

extension Solution.Way {
    fileprivate var words: String {
        switch self {
        case .direct: "direct"
        case .multigrid: "by multigrid"
        case .conjugateGradients: "by conjugate gradients"
        }
    }
}
