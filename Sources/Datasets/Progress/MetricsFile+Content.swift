internal import Documents
internal import Foundation

extension MetricsFile.Step {
    /// Samples a second.
    private var rate: Double {
        measures.seconds > 0 ? Double(samples) / measures.seconds : 0
    }

    /// Seconds of processors.
    private var cpu: Double { max(0, measures.after.cpu - measures.before.cpu) }

    /// The bytes that the process moved; nil where the system does not tell.
    private func moved(_ path: KeyPath<ProcessUsage, Int?>) -> Int? {
        guard let before = measures.before[keyPath: path], let after = measures.after[keyPath: path]
        else { return nil }
        return max(0, after - before)
    }

    /// An element of `steps`.
    var json: JSON {
        let step = measures.step
        return .object([
            "step": .string(step.id), "stage": .string(step.stage.rawValue),
            "round": .integer(step.round), "done": .bool(measures.isDone),
            "began": .string(Timestamp.text(measures.began)), "seconds": .number(measures.seconds),
            "cpu_seconds": .number(cpu), "threads": .integer(measures.threads),
            "samples": .integer(samples), "samples_per_second": .number(rate),
            "bytes": .integer(bytes),
            "read_bytes": moved(\.read).map(JSON.integer) ?? .null,
            "written_bytes": moved(\.written).map(JSON.integer) ?? .null,
            "peak_memory_bytes": .integer(measures.after.peakMemory),
            "phase_seconds": .object(
                Dictionary(
                    uniqueKeysWithValues: measures.phases.map { ($0.rawValue, JSON.number($1)) })),
        ])
    }

    /// What Prometheus gets of it: names without `steadyset_step_`, and values.
    var gauges: [(name: String, value: Double)] {
        [
            ("done", measures.isDone ? 1 : 0), ("seconds", measures.seconds), ("cpu_seconds", cpu),
            ("threads", Double(measures.threads)), ("samples", Double(samples)),
            ("samples_per_second", rate), ("bytes", Double(bytes)),
            ("peak_memory_bytes", Double(measures.after.peakMemory)),
        ]
            + [("read_bytes", moved(\.read)), ("written_bytes", moved(\.written))].compactMap {
                name, value in value.map { (name, Double($0)) }
            }
    }
}

extension MetricsFile.Content {
    /// The document.
    var json: JSON {
        let (process, usage) = (WorkerProcess.current, ProcessUsage.current())
        return .object([
            "format": .string("steadyset-metrics"), "version": .integer(1),
            "steadyset": .string(Release.version), "command": .string(command),
            "host": .string(process.host), "pid": .integer(process.pid),
            "began": .string(Timestamp.text(began.date)), "seconds": .number(began.seconds),
            "cpu_seconds": .number(usage.cpu), "peak_memory_bytes": .integer(usage.peakMemory),
            "status": status.map { .integer(Int($0)) } ?? .null, "steps": .array(steps.map(\.json)),
        ])
    }

    /// The text for Prometheus (Exposition formats, version 0.0.4): gauges of each step, labelled
    /// with its name, stage and round, and of the command.
    var prometheus: String {
        let usage = ProcessUsage.current()
        let whole = #"command="\#(command)""#
        var gauges: [(name: String, labels: String, value: Double)] = [
            ("command_seconds", whole, began.seconds), ("command_cpu_seconds", whole, usage.cpu),
            ("command_peak_memory_bytes", whole, Double(usage.peakMemory)),
            ("command_began_timestamp_seconds", whole, began.date.timeIntervalSince1970),
        ]
        if let status { gauges.append(("command_status", whole, Double(status))) }
        for step in steps {
            let name = step.measures.step
            let labels =
                #"step="\#(name.id)",stage="\#(name.stage.rawValue)",round="\#(name.round)""#
            gauges += step.gauges.map { ("step_\($0.name)", labels, $0.value) }
            gauges += Phase.allCases.compactMap { phase in
                step.measures.phases[phase].map {
                    ("step_phase_seconds", labels + #",phase="\#(phase.rawValue)""#, $0)
                }
            }
        }
        var text = ""
        // All of a name stand together.
        for (name, of) in Dictionary(grouping: gauges, by: \.name).sorted(by: { $0.key < $1.key }) {
            text += "# TYPE steadyset_\(name) gauge\n"
            for gauge in of { text += "steadyset_\(name){\(gauge.labels)} \(gauge.value)\n" }
        }
        return text
    }
}
