internal import Datasets
internal import Fields
internal import Parallel
internal import Sampling
internal import Shards

/// What no round may choose: problems that the dataset has, in whatever part and from whatever side
/// they are seen, and those that it has offered already.
struct Exclusions {
    /// The problems of the dataset.
    let known: KnownProblems
    private var offered: Set<ProblemClass> = []

    /// Reads the configurations of all parts.
    init(_ store: PackedSamples, threads: Int) throws {
        known = try KnownProblems(store, threads: threads)
    }

    /// Those of `samples`, which the dataset has, that are copies of what is held out.
    func copies(among samples: [PackedSamples.Sample]) -> Set<SampleID> {
        Set(samples.lazy.map(\.id).filter(known.leaks.contains))
    }

    /// The classes of `items`, in their order.
    func problems(of items: [ListedConfiguration], threads: Int) throws -> [ProblemClass] {
        var problems: [ProblemClass] = []
        problems.reserveCapacity(items.count)
        try OrderedWork.run(count: items.count, threads: threads) { [known] in
            { number in
                try Interruption.check()
                return known.problem(of: items[number].configuration)
            }
        } consume: {
            problems.append($1)
        }
        return problems
    }

    /// Whether a problem may be offered: the dataset lacks it, and it was not offered before. Then
    /// it is from now on.
    mutating func offer(_ problem: ProblemClass) -> Bool {
        known.sample(of: problem) == nil && offered.insert(problem).inserted
    }
}
