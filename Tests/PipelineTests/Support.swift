import Shards
import Datasets
import Documents
import Fields
import Foundation
import Pipeline

/// A folder of its own for one test, removed with it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "steadyset-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}

/// Remembers what a run reported.
final class Events: Reporter {
    var began: [Stage] = []
    var skipped: [Stage: Bool] = [:]
    var ids: [Stage: String] = [:]
    var samples: [Stage: Int] = [:]
    var warnings: [String] = []

    func hear(_ event: RunEvent) {
        switch event {
        case .began(let stage, _, _): began.append(stage)
        case .ended(let stage, let id, let samples, _, _, let skipped):
            self.skipped[stage] = skipped
            ids[stage] = id.description
            self.samples[stage] = samples
        case .warned(let message): warnings.append(message)
        default: break
        }
    }
}

/// A small pipeline; the arguments replace its lines.
func pipelineText(
    lattice: String = "[40, 33]", sources: String = "pinned", samples: String = "10", seed: Int = 3,
    samplesPerPart: Int = 8, tolerance: String = "1.0e-6", extra: String = ""
) -> String {
    """
    format: 1
    name: test
    physics:
      lattice: \(lattice)
      decay_rate: 0.02
      sources: \(sources)
    sampling:
      strata: [1, 3]
      samples_per_stratum: \(samples)
      radius: 2
      seed: \(seed)
    solver:
      tolerance: \(tolerance)
      samples_per_part: \(samplesPerPart)
    split:
      subsets: [25, 50, 100]
    pack:
      samples_per_shard: 6
    \(extra)
    """
}

@discardableResult func run(
    _ text: String, in scratch: Scratch, output: String = "data", from: String? = nil,
    threads: Int = 2, replace: Bool = false, findsCopies: Bool = true, until: Stage = .pack
) throws -> Events {
    let events = Events()
    var options = Commands.Options(
        pipeline: try scratch.file("pipeline.yaml", text), output: "\(scratch.path)/\(output)")
    options.threads = threads
    options.replace = replace
    options.from = from
    options.findsCopies = findsCopies
    try Commands(options, reporter: events).run(until: until)
    return events
}

/// The error that `body` ends with.
func failure(_ body: () throws -> Void) -> PipelineError? {
    do {
        try body()
        return nil
    } catch { return PipelineError(error) }
}

/// The stages of a dataset, a version or one stage, as their manifests tell.
struct Overview {
    /// `stages`: the id and the content of each.
    let json: JSON

    init(path: String) throws {
        let (dataset, stages) = try Dataset.locate(path)
        let manifests = try stages.map { try dataset.manifest($0) }
        json = .object([
            "stages": .array(
                manifests.map {
                    .object([
                        "stage": .string($0.stage), "id": .string($0.id.description),
                        "content": $0.content,
                    ])
                })
        ])
    }
}
