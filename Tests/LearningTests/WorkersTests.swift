import Learning
import Synchronization
import Testing

@Suite struct WorkersTests {
    @Test(arguments: [0, 1, 2, 5]) func everyBlockIsDoneOnce(threads: Int) {
        let workers = Workers(threads: threads)
        #expect(workers.threads == max(1, threads))
        for count in [0, 1, 2, 3, 100, 1000] {
            let sum = Atomic<Int>(0)
            let calls = Atomic<Int>(0)
            workers.each(count) { block in
                sum.add(block * block, ordering: .relaxed)
                calls.add(1, ordering: .relaxed)
            }
            #expect(calls.load(ordering: .relaxed) == count)
            #expect(sum.load(ordering: .relaxed) == (0..<count).reduce(0) { $0 + $1 * $1 })
        }
    }

    @Test func callsFollowOneAnotherAtAnyDistance() {
        let workers = Workers(threads: 3)
        let calls = Atomic<Int>(0)
        for round in 0..<300 {
            // Now and then the others have time to fall asleep.
            if round % 100 == 99 {
                let clock = ContinuousClock()
                let start = clock.now
                while clock.now - start < .milliseconds(20) {}
            }
            workers.each(4) { _ in calls.add(1, ordering: .relaxed) }
        }
        #expect(calls.load(ordering: .relaxed) == 1200)
    }
}
