internal import Fields
internal import Foundation
internal import Parallel
package import Shards
internal import Solving

extension ExportTask {
    /// From this many shards on, readers with few file descriptors are warned of.
    private static let manyShards = 200

    /// `vds`: an HDF5 file whose `/x`, `/y` and coefficients are virtual datasets over the shards,
    /// and whose columns are its own.
    package func virtualDataset() throws {
        let destination = try ExportDestination.file(options.output)
        let document = try HDF5Document(path: destination.temporary)
        try document.setAttribute("format", of: "/", to: .text("steadyset-virtual"))
        try describe(document)
        let folder = relativeFolder(from: options.output)
        var pieces: [HDF5Document.VirtualPiece] = []
        var columns = Columns()
        for (number, shard) in samples.shards.enumerated() {
            try Interruption.check()
            let reader = try samples.reader(number)
            for run in ExportTask.runs(shard.rows) {
                pieces.append(
                    HDF5Document.VirtualPiece(
                        file: "\(folder)/\(shard.file.path)", rows: reader.count, first: run.first,
                        stride: run.stride, count: run.count))
            }
            for row in shard.rows { columns.append(reader, row) }
            advance(shard.rows.count)
        }
        let extent = [sides.rows, sides.columns]
        for name in ["x", "y"] {
            try document.makeVirtual("/\(name)", extent: extent, source: "/\(name)", pieces: pieces)
        }
        for drawn in samples.drawn {
            let name = "/\(drawn.coefficient.rawValue)"
            try document.makeVirtual(
                name, extent: (drawn.planes == 1 ? [] : [drawn.planes]) + extent, source: name,
                pieces: pieces)
        }
        try columns.write(to: document)
        try publish(file: destination, try document.finish())
        if samples.shards.count >= ExportTask.manyShards {
            result.notes.append(
                "the file refers to \(samples.shards.count) shards: a reader that may not open as "
                    + "many files at once reads NaN without an error (raise it with 'ulimit -n "
                    + "\(2 * samples.shards.count)')")
        }
        result.notes.append(
            "a shard that is missing or moved reads as NaN without an error: keep '\(folder)' "
                + "where it is from here")
    }

    /// Ascending rows as arithmetic progressions, as few as a greedy walk makes.
    package static func runs(_ rows: [Int]) -> [(first: Int, stride: Int, count: Int)] {
        var runs: [(first: Int, stride: Int, count: Int)] = []
        for row in rows {
            if var run = runs.last {
                let step = row - (run.first + (run.count - 1) * run.stride)
                if run.count == 1 || step == run.stride {
                    run.stride = step
                    run.count += 1
                    runs[runs.count - 1] = run
                    continue
                }
            }
            runs.append((row, 1, 1))
        }
        return runs
    }

    /// The columns that exports in HDF5 have beside the fields.
    package struct Columns {
        private var ids: [UInt64] = []
        private var ranks: [UInt64] = []
        private var counts: [UInt16] = []
        private var bounds: [Double] = []
        private var digests: [UInt8] = []

        /// Appends a sample.
        package mutating func append(_ reader: ShardReader, _ row: Int) {
            ids.append(reader.ids[row].bits)
            ranks.append(reader.ranks?[row] ?? 0)
            counts.append(UInt16(reader.sourceCounts[row]))
            bounds.append(reader.errorBounds[row])
            digests += reader.ySHA256s[row].bytes
        }

        /// Writes `/id`, `/rank`, `/n_sources`, `/error_bound` and `/y_sha256`.
        package func write(to document: HDF5Document) throws(ShardsError) {
            let count = ids.count
            try document.writeArray(.uint64s(ids), shape: [count], named: "/id")
            try document.writeArray(.uint64s(ranks), shape: [count], named: "/rank")
            try document.writeArray(.uint16s(counts), shape: [count], named: "/n_sources")
            try document.writeArray(.doubles(bounds), shape: [count], named: "/error_bound")
            try document.writeArray(.bytes(digests), shape: [count, 32], named: "/y_sha256")
        }
    }
}
