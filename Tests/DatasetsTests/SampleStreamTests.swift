import Fields
import Sampling
import Testing

import Datasets

@Suite struct SampleStreamTests {
    private func design(
        strata: [Int], count: Int, shapes: [ShapeRange]? = nil, side: Int = 32
    ) throws -> Design {
        try Design(
            physics: try Physics(lattice: try Lattice(rows: side, columns: side)), strata: strata,
            counts: strata.map { _ in count },
            shapes: shapes ?? [.disk(radius: ParameterRange(2))], seed: 3)
    }

    /// Ranks of the stream are those of the dataset, for every part.
    @Test func ranksAreTheDatasets() throws {
        let design = try design(strata: [1, 2, 5], count: 60)
        let split = try Split(testEvery: 5, validationEvery: 4)
        let stream = SampleStream(design, split: split)
        for position in 0..<design.sampleCount {
            let address = design.sequence[position]
            let place = split.rank(of: address, strata: 3)
            let found = try #require(try stream.sample(place.part, rank: place.rank))
            #expect(found.configuration == (try design.configuration(at: position)))
            #expect(found.index == address.index)
        }
        // Validation and test end where the dataset ends, training does not.
        #expect(try stream.sample(.test, rank: 3 * 12) == nil)
        #expect(try stream.sample(.validation, rank: 3 * 12) == nil)
        #expect(try stream.sample(.train, rank: 3 * 36) != nil)
    }

    /// A stratum with an end begins anew there, and meets nothing that is held out.
    @Test func singleSourcesBeginAnew() throws {
        let design = try design(strata: [1], count: 50)
        let stream = SampleStream(design, split: try Split(testEvery: 5))
        let limit = try #require(stream.limit(stratum: 0))
        #expect(limit == design.limit(stratum: 0).map { $0 - $0 / 5 })
        let classifier = ProblemClassifier(design.physics)
        var classes: Set<ProblemClass> = []
        for rank in 0..<limit {
            let sample = try #require(try stream.sample(.train, rank: rank))
            classes.insert(classifier(sample.configuration))
        }
        #expect(classes.count == limit)
        for rank in [0, 7, limit - 1] {
            #expect(
                try stream.sample(.train, rank: rank + 3 * limit)?.id
                    == (try stream.sample(.train, rank: rank)?.id))
        }
        for rank in 0..<10 {
            let test = try #require(try stream.sample(.test, rank: rank))
            #expect(!classes.contains(classifier(test.configuration)))
        }
    }

    /// Where draws meet, the stream leaves out what the dataset leaves out, and later on whatever
    /// is held out; disks of radius 2 and 2.1 cover the same sites.
    @Test func drawsThatMeet() throws {
        let range = ShapeRange.disk(radius: ParameterRange(from: 2, to: 2.2))
        let design = try design(strata: [1], count: 400, shapes: [range])
        let split = try Split(testEvery: 4)
        let stream = SampleStream(design, split: split)
        let classifier = ProblemClassifier(design.physics)
        var seen: Set<ProblemClass> = []
        var heldOut: Set<ProblemClass> = []
        var copies = 0
        for index in 0..<400 {
            let configuration = try design.configuration(stratum: 0, index: index)
            let problem = classifier(configuration)
            let (part, rank) = split.rank(of: SampleAddress(stratum: 0, index: index), strata: 1)
            let isCopy = !seen.insert(problem).inserted
            copies += isCopy ? 1 : 0
            #expect((try stream.sample(part, rank: rank) == nil) == isCopy)
            if part == .test { heldOut.insert(problem) }
        }
        #expect(copies > 50)
        var left = 0
        for rank in 300..<1500 {
            guard let sample = try stream.sample(.train, rank: rank) else {
                left += 1
                continue
            }
            #expect(!heldOut.contains(classifier(sample.configuration)))
        }
        #expect(left > 100)
    }

    /// Copies are left out where nothing is held out, too: a nested subset is a beginning.
    @Test func drawsThatMeetWithoutAHeldOutPart() throws {
        let range = ShapeRange.disk(radius: ParameterRange(from: 2, to: 2.2))
        let design = try design(strata: [1], count: 400, shapes: [range])
        let stream = SampleStream(design, split: try Split(testEvery: nil))
        let classifier = ProblemClassifier(design.physics)
        var seen: Set<ProblemClass> = []
        for index in 0..<400 {
            let configuration = try design.configuration(stratum: 0, index: index)
            let isCopy = !seen.insert(classifier(configuration)).inserted
            #expect((try stream.sample(.train, rank: index) == nil) == isCopy)
        }
        #expect(seen.count < 350)
    }

    @Test func ranksWithoutASample() throws {
        let stream = SampleStream(
            try design(strata: [2], count: 10), split: try Split(testEvery: nil))
        #expect(throws: DatasetError.self) { try stream.sample(.train, rank: -1) }
        #expect(throws: DatasetError.self) { try stream.sample(.train, rank: 1 << 41) }
        #expect(try stream.sample(.test, rank: 0) == nil)
        #expect(try stream.sample(.train, rank: 1 << 40) != nil)
    }
}
