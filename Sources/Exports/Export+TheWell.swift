internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
package import Shards

extension ExportTask {
    /// The name of x and y in The Well's format: x is step 0 of it, y step 1.
    package static let wellField = "u"

    /// `the-well`: The Well's format as its reader 1.2 and its checker take it: `data/train`,
    /// `data/valid`, `data/test` with a file for each shard, and `stats.yaml` of the training part
    /// (of everything where there is none).
    ///
    /// Its loader needs two steps of time, so a steady problem has the source image as step 0 and
    /// the field as step 1.
    package func theWell() throws {
        let destination = try ExportDestination.folder(options.output)
        var files: [(path: String, digest: FileDigest, samples: Int)] = []
        var statistics = WellStatistics()
        let hasTraining = samples.shards.contains { $0.part == .train }
        for (number, shard) in samples.shards.enumerated() {
            let split = shard.part == .validation ? "valid" : shard.part.rawValue
            try Dataset.createFolder("\(destination.temporary)/data/\(split)")
            let name = shard.file.path.split(separator: "/").joined(separator: "-").replacing(
                ".h5", with: "")
            let path = "data/\(split)/\(name).hdf5"
            var own = WellStatistics()
            let digest = try writeWell(
                number, to: try SafePath.below(destination.temporary, path), &own)
            if shard.part == .train || !hasTraining { statistics.add(own) }
            files.append((path, digest, shard.rows.count))
        }
        let digest = try AtomicFile.write(
            Array(statistics.yaml.utf8), to: "\(destination.temporary)/stats.yaml")
        files.append(("stats.yaml", digest, 0))
        try publish(folder: destination, files: files)
        if options.codec == .blosc {
            result.notes.append(
                "import hdf5plugin before the_well: the chunks are those of the " + "shards")
        }
    }

    private func writeWell(_ number: Int, to path: String, _ statistics: inout WellStatistics)
        throws -> FileDigest
    {
        let shard = samples.shards[number]
        let reader = try samples.reader(number)
        let level = options.codec == .blosc ? (ShardWriter.defaultLevel, true) : nil
        let document = try HDF5Document(
            path: path, chunks: shard.rows.count * (2 + 2 * reader.coefficients.count))
        let coefficients = try WellCoefficients(reader, physics: samples.physics)
        try coefficients.writeRoot(document, trajectories: shard.rows.count)
        try describe(document)
        try ExportTask.writeDimensions(document, sides.rows, sides.columns)
        try ExportTask.writeBoundary(document, samples.physics.boundary, sides.rows, sides.columns)
        for group in ["t0_fields", "t1_fields", "t2_fields"] { try document.makeGroup("/\(group)") }
        let (rows, columns) = sides
        let field = "/t0_fields/\(ExportTask.wellField)"
        try document.makeChunked(
            field, shape: [shard.rows.count, 2, rows, columns], chunk: [1, 1, rows, columns],
            blosc: level)
        try ExportTask.flag(document, field, sample: true, time: true, dimensions: true)
        try coefficients.writeFields(
            document, trajectories: shard.rows.count, blosc: level, &statistics)
        try document.setAttribute(
            "field_names", of: "/t0_fields", to: .texts([ExportTask.wellField] + coefficients.names)
        )
        for group in ["t1_fields", "t2_fields"] {
            try document.setAttribute("field_names", of: "/\(group)", to: .texts([]))
        }
        let isBlosc = options.codec == .blosc
        var collected = statistics
        let size = 4 * samples.lattice.count
        try OrderedWork.run(count: shard.rows.count, threads: threads) {
            let decoder = try SampleDecoder(lattice: reader.lattice)
            return { position in
                try Interruption.check()
                let row = shard.rows[position]
                let fields = try ExportedFields(reader, row, with: decoder)
                var own = WellStatistics()
                own.add(x: fields.x, y: fields.y, as: ExportTask.wellField)
                var chunks: [(name: String, bytes: [UInt8], step: Int?)] = [
                    (ExportTask.wellField, isBlosc ? try reader.frame(.x, at: row) : fields.x, 0),
                    (ExportTask.wellField, isBlosc ? try reader.frame(.y, at: row) : fields.y, 1),
                ]
                for (dataset, bytes) in zip(reader.coefficients, fields.coefficients) {
                    for (plane, name) in WellCoefficients.names(dataset).enumerated() {
                        let values = Array(bytes[plane * size..<(plane + 1) * size])
                        own.add(values, as: name)
                        let carried = isBlosc && dataset.planes == 1
                        chunks.append(
                            (name, carried ? try reader.frame(dataset, at: row) : values, nil))
                    }
                }
                return (chunks, own)
            }
        } consume: { [self] position, made in
            for (name, bytes, step) in made.0 {
                let place = [position] + (step.map { [$0] } ?? []) + [0, 0]
                try document.writeChunk(bytes, at: place, of: "/t0_fields/\(name)")
            }
            collected.add(made.1)
            advance()
        }
        statistics = collected
        return try document.finish()
    }

    /// What the loader asks of every field and scalar.
    package static func flag(
        _ document: HDF5Document, _ name: String, sample: Bool, time: Bool, dimensions: Bool = false
    ) throws {
        try document.setAttribute("sample_varying", of: name, to: .truth(sample))
        try document.setAttribute("time_varying", of: name, to: .truth(time))
        if dimensions {
            try document.setAttribute("dim_varying", of: name, to: .truths([true, true]))
        }
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
            try flag(document, path, sample: false, time: name == "time")
        }
    }

    /// Conditions by axis: The Well knows walls, open and periodic sides. Absorbing ones are walls
    /// with the value 0.
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
                try document.setAttribute("associated_fields", of: path, to: .texts([wellField]))
                let kind = condition == .periodic ? "PERIODIC" : "WALL"
                try document.setAttribute("bc_type", of: path, to: .text(kind))
                try flag(document, path, sample: false, time: false)
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
