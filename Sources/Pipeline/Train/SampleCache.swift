internal import Fields
internal import Foundation
internal import Synchronization

/// Fields of samples that were read before, as far as memory allows: the second epoch of a small
/// dataset reads nothing.
///
/// Which samples are kept does not depend on the order in which they come. Safe for any number of
/// threads.
final class SampleCache: Sendable {
    /// The fields of a sample, (rows, columns) each; `y` is empty where only labels are asked for.
    struct Fields: Sendable {
        let id: SampleID
        let x: [Float]
        let y: [Float]
        /// The transformed label, without noise.
        let label: [Float]
    }

    private let kept: Mutex<[Fields?]>

    /// Bytes of all fields together: a quarter of the machine's memory, and at most 2 GiB.
    private static let memory = min(
        2 << 30, Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4)

    /// A cache for samples 0 ..< `samples` of so many bytes each; the first of them are kept.
    init(samples: Int, bytes: Int) {
        kept = Mutex(
            [Fields?](repeating: nil, count: min(samples, SampleCache.memory / max(1, bytes))))
    }

    /// The fields of a sample; made by `read` where they are not kept, nil where it finds none.
    func fields(_ sample: Int, _ read: () throws -> Fields?) rethrows -> Fields? {
        if let found = kept.withLock({ sample < $0.count ? $0[sample] : nil }) { return found }
        guard let fields = try read() else { return nil }
        kept.withLock { kept in if sample < kept.count { kept[sample] = fields } }
        return fields
    }
}
