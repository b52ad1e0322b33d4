import Datasets
import Foundation
import Parallel
import Pipeline
import Synchronization
import Testing

@Suite struct OrderedWorkTests {
    @Test(arguments: [1, 2, 7]) func handsResultsOverInOrder(threads: Int) throws {
        var seen: [Int] = []
        try OrderedWork.run(count: 500, threads: threads) {
            { item in
                // Later items are often ready first.
                if item % 7 == 0 { usleep(200) }
                return item * item
            }
        } consume: { item, result in
            #expect(result == item * item)
            seen.append(item)
        }
        #expect(seen == Array(0..<500))
    }

    @Test func neverRunsFarAhead() throws {
        let started = Atomic<Int>(0)
        var consumed = 0
        var widest = 0
        try OrderedWork.run(count: 300, threads: 3) {
            { item in
                started.add(1, ordering: .sequentiallyConsistent)
                if item == 50 { usleep(30_000) }
                return item
            }
        } consume: { _, _ in
            widest = max(widest, started.load(ordering: .sequentiallyConsistent) - consumed)
            consumed += 1
        }
        #expect(consumed == 300)
        #expect(widest <= 4 * 3 + 3)
    }

    struct Stop: Error {}

    @Test func endsWithTheErrorOfAWorker() throws {
        #expect(throws: Stop.self) {
            try OrderedWork.run(count: 100, threads: 2) {
                { item in if item == 40 { throw Stop() } else { return item } }
            } consume: { item, _ in
                #expect(item < 40)
            }
        }
    }

    @Test func endsWithTheErrorOfTheConsumer() throws {
        #expect(throws: Stop.self) {
            try OrderedWork.run(count: 100, threads: 2) {
                { $0 }
            } consume: { item, _ in
                if item == 3 { throw Stop() }
            }
        }
    }

    @Test func endsWhereAWorkerCannotStart() throws {
        #expect(throws: Stop.self) {
            try OrderedWork.run(count: 10, threads: 2) { () throws -> (Int) throws -> Int in
                throw Stop()
            } consume: { _, _ in
            }
        }
    }
}
