package import Fields
internal import Parallel
package import Sampling
internal import Shards

/// The samples of a dataset by the class of their problem: what must not come into it a second
/// time, from whatever side it is seen.
package struct KnownProblems {
    /// A sample that the dataset has.
    package struct Sample: Hashable {
        package let id: SampleID
        package let part: Split.Part

        package init(id: SampleID, part: Split.Part) {
            self.id = id
            self.part = part
        }
    }

    private let classifier: ProblemClassifier
    private var members: [ProblemClass: Sample]
    /// Training samples that are, from some side, a sample of test or validation. Only datasets of
    /// earlier builds have such.
    package let leaks: Set<SampleID>

    /// Reads the configurations of all samples of `store`. O(samples) time, 40 bytes of memory for
    /// each.
    package init(_ store: PackedSamples, threads: Int) throws {
        let classes = try KnownProblems.classes(of: store.samples, in: store, threads: threads)
        var members: [ProblemClass: Sample] = [:]
        members.reserveCapacity(classes.count)
        var leaks: Set<SampleID> = []
        // What is held out comes first: it says what a copy is of.
        for isTraining in [false, true] {
            for (sample, problem) in zip(store.samples, classes)
            where (sample.part == .train) == isTraining {
                if let other = members[problem] {
                    if isTraining, other.part != .train { leaks.insert(sample.id) }
                } else {
                    members[problem] = Sample(id: sample.id, part: sample.part)
                }
            }
        }
        classifier = ProblemClassifier(store.physics)
        self.members = members
        self.leaks = leaks
    }

    /// The classes of `samples` of `store`, in their order.
    package static func classes(
        of samples: [PackedSamples.Sample], in store: PackedSamples, threads: Int
    ) throws -> [ProblemClass] {
        let classifier = ProblemClassifier(store.physics)
        // Neighbours are read together: a thread has less to do for one than to ask for the next.
        let size = 64
        var classes: [ProblemClass] = []
        classes.reserveCapacity(samples.count)
        try OrderedWork.run(count: (samples.count + size - 1) / size, threads: threads) {
            { number in
                try Interruption.check()
                return try samples[number * size..<min(samples.count, (number + 1) * size)].map {
                    sample in
                    let reader = try store.reader(of: sample)
                    return classifier(
                        try reader.configuration(at: Int(sample.row), under: store.physics))
                }
            }
        } consume: {
            classes += $1
        }
        return classes
    }

    /// The class of a configuration of this dataset's physics.
    package func problem(of configuration: Configuration) -> ProblemClass {
        classifier(configuration)
    }

    /// The sample of this class, or nil; one that is held out where there are several.
    package func sample(of problem: ProblemClass) -> Sample? { members[problem] }
}

extension KnownProblems.Sample {
    /// What a sample of `part` that is the same problem is, for messages.
    package func words(in part: Split.Part) -> String {
        guard self.part != part else {
            return "is the same problem as sample \(id) of the same part, as it is or seen from "
                + "another side"
        }
        return "is a symmetric copy of \(id), which models are judged by (part "
            + "'\(self.part.rawValue)')"
    }
}
