internal import Parallel
internal import Synchronization

/// A fixed team of threads for work in blocks.
///
/// Blocks are handed out as threads become free, so no result may depend on who does which: a body
/// writes what belongs to its block alone. A thread without work looks for the next call for some
/// tens of microseconds before it sleeps, since a layer follows a layer at such distances.
public final class Workers: Sendable {
    /// Number of threads, the caller's among them.
    public let threads: Int
    private let team: Team?

    /// Creates a team of `threads` threads, at least one; the caller of `each` is one of them.
    /// Where the system gives fewer, those do the work.
    public init(threads: Int) {
        self.threads = max(1, threads)
        team = threads > 1 ? Team(helpers: threads - 1) : nil
    }

    deinit { team?.end() }

    /// Calls `body` with every block 0 ..< `count`, spread over the threads; returns when all are
    /// done. Calls must not overlap or nest.
    public func each(_ count: Int, _ body: (Int) -> Void) {
        guard let team, count > 1 else {
            for block in 0..<count { body(block) }
            return
        }
        team.run(count, body)
    }
}

/// The threads and what they share.
private final class Team: @unchecked Sendable {
    /// How often a thread without work looks again before it sleeps.
    private static let looks = 20_000
    /// What `inside` holds, beside the helpers that are inside, while a call takes helpers in.
    private static let isOpen = 1 << 32

    /// Number of calls so far.
    private let generation = Atomic<Int>(0)
    private let inside = Atomic<Int>(0)
    private let nextBlock = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)
    private let door = Door()
    /// Of the current call; written while no helper is inside and none can enter.
    private nonisolated(unsafe) var count = 0
    private nonisolated(unsafe) var body: ((Int) -> Void)?

    init(helpers: Int) {
        for _ in 0..<helpers { guard WorkerThread.start({ [self] in help() }) else { break } }
    }

    func end() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        generation.add(1, ordering: .sequentiallyConsistent)
        door.openToAll()
    }

    func run(_ count: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            unsafe self.count = count
            unsafe self.body = body
            nextBlock.store(0, ordering: .relaxed)
            inside.store(Self.isOpen, ordering: .releasing)
            generation.add(1, ordering: .sequentiallyConsistent)
            door.openToAll()
            work(count, body)
            // Whoever has not come by now is not waited for: it may have no core. Those inside are
            // at their last block.
            inside.subtract(Self.isOpen, ordering: .acquiringAndReleasing)
            var looks = 0
            while inside.load(ordering: .acquiring) > 0 {
                looks += 1
                if looks > Self.looks { Door.giveWay() } else { Door.pause() }
            }
            unsafe self.body = nil
        }
    }

    private func work(_ count: Int, _ body: (Int) -> Void) {
        while true {
            let block = nextBlock.add(1, ordering: .relaxed).oldValue
            guard block < count else { return }
            body(block)
        }
    }

    private func help() {
        var seen = 0
        while !isEnding.load(ordering: .sequentiallyConsistent) {
            var looks = 0
            while generation.load(ordering: .sequentiallyConsistent) == seen {
                looks += 1
                if looks < Self.looks {
                    Door.pause()
                } else {
                    door.wait { generation.load(ordering: .sequentiallyConsistent) != seen }
                }
            }
            seen = generation.load(ordering: .sequentiallyConsistent)
            guard enter() else { continue }
            takePart()
            inside.subtract(1, ordering: .releasing)
        }
    }

    /// Enters the current call, unless it takes no one in any more.
    private func enter() -> Bool {
        var state = inside.load(ordering: .acquiring)
        while state >= Self.isOpen {
            let (isExchanged, found) = inside.weakCompareExchange(
                expected: state, desired: state + 1, ordering: .acquiringAndReleasing)
            if isExchanged { return true }
            state = found
        }
        return false
    }

    /// Works on the current call. A function of its own: no reference to the body outlives it.
    @inline(never) private func takePart() {
        if let body = unsafe body { work(unsafe count, body) }
    }
}
