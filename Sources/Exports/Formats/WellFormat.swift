internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// The Well's format as its reader 1.2 and its checker take it: `data/train`, `data/valid`,
/// `data/test` with a file for each shard, and `stats.yaml` of the training part (of everything
/// where there is none).
///
/// Its loader needs two steps of time, so a steady problem has the source image as step 0 and the
/// field as step 1.
struct WellFormat: ExportFormat {
    let name = "the-well"
    let words = "The Well's format; a folder"
    let isFolder = true
    let options: Set<ExportOption> = [.selection, .codec]

    /// The name of x and y: x is step 0 of it, y step 1.
    private static let field = "u"

    func example(_: String) -> String {
        """
        import hdf5plugin                    # pip install the_well hdf5plugin
        from the_well.data import WellDataset

        data = WellDataset(path=".", well_split_name="train")
        print(len(data), data[0]["input_fields"].shape)
        """
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.folder(task.options.output)
        var files: [(path: String, digest: FileDigest, samples: Int)] = []
        // What the manifest says of the whole training part need not be found again.
        let known = task.samples.hasAllTraining ? task.samples.manifest.statistics : nil
        let hasTraining = task.samples.shards.contains { $0.part == .train }
        let meters = SampleMeters(task.samples.physics)
        for (number, shard) in task.samples.shards.enumerated() {
            let split = shard.part == .validation ? "valid" : shard.part.rawValue
            try Dataset.createFolder("\(destination.temporary)/data/\(split)")
            let name = shard.file.path.split(separator: "/").joined(separator: "-").replacing(
                ".h5", with: "")
            let path = "data/\(split)/\(name).hdf5"
            let isMeasured = known == nil && (shard.part == .train || !hasTraining)
            let digest = try writeWell(
                task, number, to: try SafePath.below(destination.temporary, path),
                telling: isMeasured ? meters : nil)
            files.append((path, digest, shard.rows.count))
        }
        if let statistics = try known ?? meters.statistics(of: .train) {
            let text = WellStatistics(statistics, steps: Self.field).yaml
            let digest = try AtomicFile.write(
                Array(text.utf8), to: "\(destination.temporary)/stats.yaml")
            files.append(("stats.yaml", digest, 0))
        }
        try task.publish(folder: destination, files: files)
        if task.options.codec == .blosc {
            task.result.notes.append(
                "import hdf5plugin before the_well: the chunks are those of the shards")
        }
    }

    private func writeWell(
        _ task: ExportTask, _ number: Int, to path: String, telling meters: SampleMeters?
    ) throws -> FileDigest {
        let shard = task.samples.shards[number]
        let reader = try task.samples.reader(number)
        let level = task.options.codec == .blosc ? (Zstd.defaultLevel, true) : nil
        let document = try HDF5Document(
            path: path, chunks: shard.rows.count * (2 + 2 * reader.coefficients.count))
        let coefficients = try WellCoefficients(reader, physics: task.samples.physics)
        try coefficients.writeRoot(document, trajectories: shard.rows.count)
        try task.describe(document)
        try WellFormat.writeDimensions(document, task.sides.rows, task.sides.columns)
        try WellFormat.writeBoundary(
            document, task.samples.physics.boundary, task.sides.rows, task.sides.columns)
        for group in ["t0_fields", "t1_fields", "t2_fields"] { try document.makeGroup("/\(group)") }
        let (rows, columns) = task.sides
        let field = "/t0_fields/\(Self.field)"
        try document.makeChunked(
            field, shape: [shard.rows.count, 2, rows, columns], chunk: [1, 1, rows, columns],
            blosc: level)
        try document.flag(field, sample: true, time: true, dimensions: true)
        try coefficients.writeFields(
            document, trajectories: shard.rows.count, blosc: level)
        try document.setAttribute(
            "field_names", of: "/t0_fields", to: .texts([Self.field] + coefficients.names)
        )
        for group in ["t1_fields", "t2_fields"] {
            try document.setAttribute("field_names", of: "/\(group)", to: .texts([]))
        }
        let isBlosc = task.options.codec == .blosc
        let size = 4 * task.samples.lattice.count
        try OrderedWork.run(count: shard.rows.count, threads: task.threads) {
            let decoder = try SampleDecoder(lattice: reader.lattice)
            return { position in
                try Interruption.check()
                let row = shard.rows[position]
                let fields = try ExportedFields(reader, row, with: decoder)
                if let meters {
                    let sample = try reader.configuration(at: row, under: task.samples.physics)
                    meters.add(
                        SourceImage(sample), FieldBytes.floats(of: fields.y),
                        fields.coefficients.map(FieldBytes.floats))
                }
                var chunks: [(name: String, bytes: [UInt8], step: Int?)] = [
                    (Self.field, isBlosc ? try reader.frame(.x, at: row) : fields.x, 0),
                    (Self.field, isBlosc ? try reader.frame(.y, at: row) : fields.y, 1),
                ]
                for (dataset, bytes) in zip(reader.coefficients, fields.coefficients) {
                    for (plane, name) in dataset.planeNames.enumerated() {
                        let values = Array(bytes[plane * size..<(plane + 1) * size])
                        let carried = isBlosc && dataset.planes == 1
                        chunks.append(
                            (name, carried ? try reader.frame(dataset, at: row) : values, nil))
                    }
                }
                return chunks
            }
        } consume: { position, chunks in
            for (name, bytes, step) in chunks {
                let place = [position] + (step.map { [$0] } ?? []) + [0, 0]
                try document.writeChunk(bytes, at: place, of: "/t0_fields/\(name)")
            }
            task.advance()
        }
        return try document.finish()
    }

    private static func writeDimensions(_ document: HDF5Document, _ rows: Int, _ columns: Int)
        throws
    {
        try document.makeGroup("/dimensions")
        try document.setAttribute("spatial_dims", of: "/dimensions", to: .texts(["x", "y"]))
        for (name, count) in [("time", 2), ("x", rows), ("y", columns)] {
            let path = "/dimensions/\(name)"
            try document.writeArray(
                .floats((0..<count).map { Float($0) }), shape: [count], named: path)
            try document.flag(path, sample: false, time: name == "time")
        }
    }

    /// Conditions by axis: The Well knows walls, open and periodic task.sides. Absorbing ones are
    /// walls with the value 0.
    private static func writeBoundary(
        _ document: HDF5Document, _ boundary: Boundary, _ rows: Int, _ columns: Int
    ) throws {
        try document.makeGroup("/boundary_conditions")
        let axes = [
            ("x", boundary.top, boundary.bottom, rows),
            ("y", boundary.left, boundary.right, columns),
        ]
        for (axis, first, last, count) in axes {
            for condition in SideCondition.allCases where condition == first || condition == last {
                let path = "/boundary_conditions/\(axis)_\(condition.rawValue)"
                try document.makeGroup(path)
                try document.setAttribute("associated_dims", of: path, to: .texts([axis]))
                try document.setAttribute("associated_fields", of: path, to: .texts([Self.field]))
                let kind = condition == .periodic ? "PERIODIC" : "WALL"
                try document.setAttribute("bc_type", of: path, to: .text(kind))
                try document.flag(path, sample: false, time: false)
                var mask = [Bool](repeating: false, count: count)
                mask[0] = condition == first
                mask[count - 1] = condition == last
                try document.writeArray(.truths(mask), shape: [count], named: "\(path)/mask")
                if condition == .absorbing {
                    let held = mask.filter { $0 }.count
                    try document.writeArray(
                        .floats([Float](repeating: 0, count: held)), shape: [held],
                        named: "\(path)/values")
                }
            }
        }
    }
}
