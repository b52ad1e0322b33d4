internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// PDEBench's Darcy format, one HDF5 file. `tensor` is y; `nu`, the input, is D where each sample
/// has its own, else x. Further datasets, which its loader passes over, are the columns, and x as
/// `source` where it is not `nu`.
///
/// The loader takes the first samples of the file as its test part, so ours come first.
struct PDEBenchFormat: ExportFormat {
    let name = "pdebench"
    let words = "PDEBench's Darcy format; a file .hdf5"
    let isFolder = false
    let options: Set<ExportOption> = [.selection, .codec]

    func example(_ name: String) -> String {
        """
        import h5py, hdf5plugin              # pip install h5py hdf5plugin

        with h5py.File("\(name)") as data:
            print(data["nu"].shape, data["tensor"].shape, data.attrs["test_ratio"])
        """
    }

    func write(_ task: ExportTask) throws {
        let diffusivity = task.samples.drawn.first { $0.coefficient == .diffusivity }
        if let diffusivity, diffusivity.planes > 1 {
            throw DatasetError(
                .data,
                "PDEBench's Darcy format has one diffusivity: this dataset's is anisotropic, so "
                    + "export the-well")
        }
        let destination = try ExportDestination.file(task.options.output)
        guard destination.path.hasSuffix(".hdf5") else {
            throw DatasetError(
                .usage, "PDEBench's loader refuses names in .h5: let --output end with .hdf5")
        }
        let (rows, columns) = task.sides
        let count = task.samples.count
        let document = try HDF5Document(path: destination.temporary, chunks: 3 * count)
        func blosc(shuffle: Bool) -> (Int, Bool)? {
            task.options.codec == .blosc ? (Zstd.defaultLevel, shuffle) : nil
        }
        try document.makeChunked(
            "/tensor", shape: [count, 1, rows, columns], chunk: [1, 1, rows, columns],
            blosc: blosc(shuffle: true))
        let further = task.samples.drawn.filter { $0.coefficient != .diffusivity }.map(
            \.coefficient.rawValue)
        for name in (diffusivity == nil ? ["nu"] : ["nu", "source"]) + further {
            let isImage = name == (diffusivity == nil ? "nu" : "source")
            try document.makeChunked(
                "/\(name)", shape: [count, rows, columns], chunk: [1, rows, columns],
                blosc: blosc(shuffle: !isImage))
        }
        for (name, side) in [("x-coordinate", rows), ("y-coordinate", columns)] {
            try document.writeArray(
                .floats((0..<side).map { Float($0) }), shape: [side], named: "/\(name)")
        }
        // The constant force of Darcy flow, of which there is none here; sources are fields.
        try document.setAttribute("beta", of: "/", to: .number(1))

        let order = Split.Part.allCases.reversed().flatMap { part in
            task.samples.shards.indices.filter { task.samples.shards[$0].part == part }
        }
        let test = task.samples.shards.filter { $0.part == .test }.reduce(0) { $0 + $1.rows.count }
        let ratio = Self.ratio(test, of: count)
        try document.setAttribute("test_ratio", of: "/", to: .number(ratio))
        try task.describe(document)
        var table = HDF5Columns()
        var done = 0
        for number in order {
            let reader = try task.samples.reader(number)
            for row in task.samples.shards[number].rows { table.append(reader, row) }
            try writePDEBench(
                task, number, reader, into: document, at: done,
                hasDiffusivity: diffusivity != nil)
            done += task.samples.shards[number].rows.count
        }
        try table.write(to: document)
        try task.publish(file: destination, try document.finish())
        task.result.notes.append(
            test == 0
                ? "no sample is a test sample: give PDEBench's loader test_ratio=0"
                : "the \(test) test samples come first: give PDEBench's loader test_ratio=\(ratio)")
        if task.options.codec == .blosc {
            task.result.notes.append(
                "import hdf5plugin before reading: the chunks are those of the shards")
        }
    }

    private func writePDEBench(
        _ task: ExportTask, _ number: Int, _ reader: ShardReader, into document: HDF5Document,
        at start: Int,
        hasDiffusivity: Bool
    ) throws {
        let rows = task.samples.shards[number].rows
        let isBlosc = task.options.codec == .blosc
        try OrderedWork.run(count: rows.count, threads: task.threads) {
            let decoder = try SampleDecoder(lattice: reader.lattice)
            return { position in
                try Interruption.check()
                let row = rows[position]
                let fields = try ExportedFields(reader, row, with: decoder)
                var chunks: [(name: String, bytes: [UInt8])] = [
                    ("tensor", isBlosc ? try reader.frame(.y, at: row) : fields.y),
                    (
                        hasDiffusivity ? "source" : "nu",
                        isBlosc ? try reader.frame(.x, at: row) : fields.x
                    ),
                ]
                for (dataset, bytes) in zip(reader.coefficients, fields.coefficients) {
                    let name =
                        dataset.coefficient == .diffusivity ? "nu" : dataset.coefficient.rawValue
                    chunks.append((name, isBlosc ? try reader.frame(dataset, at: row) : bytes))
                }
                return chunks
            }
        } consume: { position, chunks in
            for (name, bytes) in chunks {
                let place = [start + position, 0, 0] + (name == "tensor" ? [0] : [])
                try document.writeChunk(bytes, at: place, of: "/\(name)")
            }
            task.advance()
        }
    }

    /// The number that the loader, which rounds down, multiplies by `count` to get `part`.
    static func ratio(_ part: Int, of count: Int) -> Double {
        let ratio = Double(part) / Double(count)
        return Int(ratio * Double(count)) == part ? ratio : ratio.nextUp
    }
}
