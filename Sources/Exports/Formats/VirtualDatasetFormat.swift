internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards

/// An HDF5 file whose `/x`, `/y` and coefficients are virtual datasets over the shards, and whose
/// columns are its own.
struct VirtualDatasetFormat: ExportFormat {
    let name = "vds"
    let words = "one virtual HDF5 file over the shards; a file .h5"
    let isFolder = false
    let options: Set<ExportOption> = [.selection]

    /// From this many shards on, readers with few file descriptors are warned of.
    private static let manyShards = 200

    func example(_ name: String) -> String {
        """
        import h5py, hdf5plugin              # pip install h5py hdf5plugin

        with h5py.File("\(name)") as data:
            print(data["y"].shape, data["y"][0].max())
        """
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.file(task.options.output)
        let document = try HDF5Document(path: destination.temporary)
        try document.setAttribute("format", of: "/", to: .text("steadyset-virtual"))
        try task.describe(document)
        let folder = task.relativeFolder(from: task.options.output)
        var pieces: [HDF5Document.VirtualPiece] = []
        var columns = HDF5Columns()
        for (number, shard) in task.samples.shards.enumerated() {
            try Interruption.check()
            let reader = try task.samples.reader(number)
            for run in Self.runs(shard.rows) {
                pieces.append(
                    HDF5Document.VirtualPiece(
                        file: "\(folder)/\(shard.file.path)", rows: reader.count, first: run.first,
                        stride: run.stride, count: run.count))
            }
            for row in shard.rows { columns.append(reader, row) }
            task.advance(shard.rows.count)
        }
        let extent = [task.sides.rows, task.sides.columns]
        for name in ["x", "y"] {
            try document.makeVirtual("/\(name)", extent: extent, source: "/\(name)", pieces: pieces)
        }
        for drawn in task.samples.drawn {
            let name = "/\(drawn.coefficient.rawValue)"
            try document.makeVirtual(
                name, extent: (drawn.planes == 1 ? [] : [drawn.planes]) + extent, source: name,
                pieces: pieces)
        }
        try columns.write(to: document)
        try task.publish(file: destination, try document.finish())
        if task.samples.shards.count >= Self.manyShards {
            task.result.notes.append(
                "the file refers to \(task.samples.shards.count) shards: a reader that may not "
                    + "open as many files at once reads NaN without an error (raise it with "
                    + "'ulimit -n \(2 * task.samples.shards.count)')")
        }
        if task.samples.manifest.codec.labels?.field == .residual {
            task.result.notes.append(
                "y is read by the filter of archives: import steadyset before reading, or see the "
                    + "article Reading")
        }
        task.result.notes.append(
            "a shard that is missing or moved reads as NaN without an error: keep '\(folder)' "
                + "where it is from here")
    }

    /// Ascending rows as arithmetic progressions, as few as a greedy walk makes.
    static func runs(_ rows: [Int]) -> [(first: Int, stride: Int, count: Int)] {
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
}
