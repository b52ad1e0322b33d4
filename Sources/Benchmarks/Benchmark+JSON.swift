internal import Datasets
public import Documents
internal import Fields
internal import Pipeline
internal import Sampling
internal import Shards
internal import Solving

extension Benchmark {
    /// Everything, for machines, as `schemas/bench` describes it.
    public var json: JSON {
        let lattice = origin.physics.lattice
        return .object([
            "format": .string("steadyset-bench"), "version": .integer(1),
            "steadyset": .string(Release.version),
            "libraries": .object(Libraries.versions.mapValues(JSON.string)),
            "machine": machine.json, "pipeline": .string(pipeline.name),
            "imported": .bool(options.from != nil),
            "lattice": .array([.integer(lattice.rows), .integer(lattice.columns)]),
            "sources": .string(origin.physics.sources.rawValue),
            "overlap": .string(origin.physics.overlap.rawValue),
            "tolerance": .number(pipeline.accuracy.tolerance),
            "grid_bits": pipeline.accuracy.gridBits.map(JSON.integer) ?? .null,
            "threads": .integer(threads), "repeats": .integer(options.repeats), "setup": setup.json,
            "strata": .array(BenchmarkStratum.strata(of: samples).map(\.json)),
            "samples": .array(samples.map(\.json)), "rates": rates?.json ?? .null,
            "training": training?.json ?? .null, "estimate": estimate?.json ?? .null,
        ])
    }
}

extension Benchmark.Sample {
    fileprivate var json: JSON {
        .object([
            "id": .string(measured.id.description), "sources": .integer(measured.sources),
            "index": .integer(address.index), "line": line.map(JSON.integer) ?? .null,
            "field": field.map(JSON.string) ?? .null, "draw": measured.draw.json,
            "image": measured.image.json, "solve": measured.solve.json,
            "total": measured.total.json, "compress": measured.compress?.json ?? .null,
            "decode": measured.decode?.json ?? .null, "method": .string(measured.way.rawValue),
            "cycles": .integer(measured.cycles),
            "convergence_factor": measured.convergenceFactor.map(JSON.number) ?? .null,
            "error_bound": measured.errorBound.isFinite ? .number(measured.errorBound) : .null,
            "certified": .bool(measured.isCertified),
            "bytes_x": measured.bytes.map { .integer($0.x) } ?? .null,
            "bytes_y": measured.bytes.map { .integer($0.y) } ?? .null,
        ])
    }
}

extension BenchmarkRates {
    fileprivate var json: JSON {
        var members = Work.allCases.reduce(into: [String: JSON]()) { members, work in
            members[work.rawValue] = rates[work]?.json ?? .null
        }
        members["chain"] = chain.json
        members["samples"] = .integer(count)
        members["bytes_per_sample"] = bytesPerSample.map(JSON.number) ?? .null
        return .object(members)
    }
}

extension BenchmarkRates.Rate {
    fileprivate var json: JSON {
        .object([
            "one_thread": .number(onOneThread),
            "all_threads": onAllThreads.map(JSON.number) ?? .null, "one": one.json,
            "all": all?.json ?? .null,
        ])
    }
}
