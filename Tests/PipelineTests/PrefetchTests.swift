import Datasets
import Foundation
import Parallel
import Pipeline
import Synchronization
import Testing

@Suite struct PrefetchTests {
    @Test(arguments: [(1, 1), (2, 1), (3, 5)]) func resultsComeInOrder(threads: Int, ahead: Int)
        throws
    {
        let source = Prefetch<Int>(count: 200, threads: threads, ahead: ahead) {
            { item in
                if item.isMultiple(of: 7) { usleep(300) }
                return item * item
            }
        }
        for item in 0..<200 { #expect(try source.next() == item * item) }
        #expect(try source.next() == nil)
        #expect(try source.next() == nil)
    }

    /// Nobody takes anything: threads make what is allowed ahead, and no more.
    @Test func runsAheadByNoMoreThanAsked() throws {
        let made = Counter()
        let source = Prefetch<Int>(count: 100, threads: 4, ahead: 3) { { made.add($0) } }
        for expected in [3, 4] {
            while made.value < expected { usleep(1000) }
            usleep(20_000)
            #expect(made.value == expected)
            _ = try source.next()
        }
    }

    @Test func errorsArriveInTheirPlace() throws {
        struct Broken: Error {}
        let source = Prefetch<Int>(count: 10, threads: 1, ahead: 2) {
            { item in
                if item == 3 { throw Broken() }
                return item
            }
        }
        for item in 0..<3 { #expect(try source.next() == item) }
        #expect(throws: Broken.self) { _ = try source.next() }
        let none = Prefetch<Int>(count: 10, threads: 2, ahead: 2) { throw Broken() }
        #expect(throws: Broken.self) { _ = try none.next() }
        #expect(try Prefetch<Int>(count: 0, threads: 2, ahead: 2) { { $0 } }.next() == nil)
    }

    /// Threads end when nobody can take their results any more: what they hold goes away.
    @Test func threadsEndWithTheirReader() {
        var made: Counter? = Counter()
        weak let held = made
        var source: Prefetch<Int>? = Prefetch(count: 1 << 40, threads: 2, ahead: 2) { [made] in
            { made?.add($0) ?? 0 }
        }
        made = nil
        #expect(source != nil && held != nil)
        source = nil
        for _ in 0..<10_000 where held != nil { usleep(1000) }
        #expect(held == nil)
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add(_ item: Int) -> Int {
            count.withLock { $0 += 1 }
            return item
        }
    }
}
