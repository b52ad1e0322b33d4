import Documents
import Fields
import Foundation
import Learning
import Sampling
import Testing

/// Losses, transforms, ten steps and two small trainings against PyTorch;
/// scripts/golden/learning.py makes and describes the numbers.
@Suite struct GoldenTrainingTests {
    private static let golden = Result { try GoldenDocument() }
    private static let workers = Workers(threads: 1)

    /// A training with these members of `found`.
    private static func training(_ found: JSON, _ keys: String...) throws -> TrainingDescription {
        var members: [String: JSON] = ["model": .object(["kind": .string("u-net")])]
        for key in keys { members[key] = found[key] }
        return try TrainingDescription(json: .object(members))
    }

    @Test func lossesAgree() throws {
        let arrays = try GoldenArrays(name: "losses")
        let (output, label) = (try arrays.array("output"), try arrays.array("label"))
        let cases = try #require(try Self.golden.get().json["losses"]?.array)
        #expect(cases.count == 10)
        for found in cases {
            let name = try #require(found["name"]?.string)
            let objective = try Self.training(found, "loss", "prefactor").objective(epoch: 0)
            let (means, gradient) = objective.gradient(
                output: output, labels: label, samples: 2, sites: 64, workers: Self.workers)
            let value = try #require(found["value"]?.double)
            #expect(abs((means[0] + means[1]) / 2 / value - 1) < 1e-12, "\(name)")
            #expect(
                NetworkTests.distance(gradient, try doubles(arrays, "gradient.\(name)")) < 1e-7,
                "\(name)")
        }
    }

    @Test func transformsAgree() throws {
        let arrays = try GoldenArrays(name: "losses")
        for found in try #require(try Self.golden.get().json["transforms"]?.array) {
            let name = try #require(found["name"]?.string)
            let transform = try Self.training(found, "transform").transform
            var y = try arrays.array("y")
            #expect(transform.apply(to: &y, in: y.indices) == nil)
            #expect(
                NetworkTests.distance(y, try doubles(arrays, "transformed.\(name)")) < 1e-7,
                "\(name)")
            var output = try arrays.array("output")
            transform.invert(&output)
            #expect(
                NetworkTests.distance(output, try doubles(arrays, "inverse.\(name)")) < 1e-7,
                "\(name)")
        }
    }

    /// Losses, norms before clipping, learning rates, and the weights after ten steps: of Adam with
    /// all its options.
    @Test(arguments: ModelDescription.Kind.allCases) func tenStepsAgree(kind: ModelDescription.Kind)
        throws
    {
        let facts = try #require(try Self.golden.get().json["networks"]?[kind.rawValue])
        let arrays = try GoldenArrays(name: kind.rawValue)
        let run = try Run(facts["train"] ?? .null)
        let (x, y) = (try arrays.array("x"), try arrays.array("y"))
        let rates = run.training.learningRate(stepsPerEpoch: 1)
        for step in 0..<10 {
            let (loss, norm) = run.step(x, y, step: step, rate: rates(step), epoch: 0)
            #expect(
                abs(loss / (facts["losses"]?.array?[step].double ?? 0) - 1) < 1e-5,
                "\(kind), step \(step)")
            #expect(
                abs(rates(step) / (facts["learning_rates"]?.array?[step].double ?? 0) - 1) < 1e-12)
            if let norm {
                #expect(
                    abs(norm / (facts["norms"]?.array?[step].double ?? 0) - 1) < 1e-5,
                    "step \(step)")
            }
        }
        var start = 0
        for tensor in run.model.tensors where tensor.isParameter {
            let values = Array(run.network.parameters[start..<start + tensor.count])
            start += tensor.count
            let part = stride(from: 0, to: tensor.count, by: tensor.count > 256 ? 7 : 1).map {
                values[$0]
            }
            let distance = NetworkTests.distance(part, try doubles(arrays, "adam.\(tensor.name)"))
            #expect(distance < 1e-5, "\(kind), \(tensor.name)")
        }
    }

    /// Whole trainings: order, last batch of an epoch, schedule, prefactors in turn, judging,
    /// transforms.
    @Test(arguments: 0..<2) func curvesAgree(number: Int) throws {
        let document = try Self.golden.get().json
        let curve = try #require(document["curves"]?.array?[number])
        let samples = (0..<32).map(Self.sample)
        for (sample, sum) in zip(samples, document["sums"]?.array?.compactMap(\.double) ?? []) {
            #expect(abs(sample.y.reduce(0) { $0 + Double($1) } / sum - 1) < 1e-6)
        }
        let run = try Run(curve["train"] ?? .null)
        let training = run.training
        let steps = (24 + training.batch - 1) / training.batch
        let rates = training.learningRate(stepsPerEpoch: steps)
        var made = 0
        for (epoch, line) in try #require(curve["epochs"]?.array).enumerated() {
            var sum = 0.0
            for first in stride(from: 0, to: 24, by: training.batch) {
                let positions = first..<min(24, first + training.batch)
                let chosen = SampleOrder(count: 24, seed: training.seed).samples(
                    at: positions, epoch: UInt32(epoch))
                let loss = run.step(
                    chosen.flatMap { samples[$0].x }, chosen.flatMap { samples[$0].y }, step: made,
                    rate: rates(made), epoch: epoch
                ).loss
                sum += loss * Double(chosen.count)
                made += 1
            }
            let judged = run.judge(
                samples[24...].flatMap(\.x), samples[24...].flatMap(\.y), epoch: epoch)
            let found = [
                "train_loss": sum / 24, "judge_loss": judged.loss, "judge_mae": judged.mae,
            ]
            for (key, value) in found {
                #expect(
                    abs(value / (line[key]?.double ?? 0) - 1) < 1e-3,
                    "curve \(number), epoch \(epoch), \(key)")
            }
            #expect(line["prefactor"]?.string == training.objective(epoch: epoch).prefactor.name)
            #expect(abs(rates(made - 1) / (line["learning_rate"]?.double ?? 0) - 1) < 1e-12)
        }
    }

    private func doubles(_ arrays: GoldenArrays, _ name: String) throws -> [Double] {
        try arrays.array(name).map(Double.init)
    }

    /// A training in memory.
    private final class Run {
        let training: TrainingDescription
        let model: ModelDescription
        let network: Network
        private var adam: Adam

        init(_ json: JSON) throws {
            training = try TrainingDescription(json: json)
            model = try training.model(on: Lattice(rows: 32, columns: 32))
            network = Network(
                model, seed: training.seed, largestBatch: training.batch, workers: workers)
            adam = Adam(training.optimiser, count: model.parameterCount)
        }

        func step(_ x: [Float], _ y: [Float], step: Int, rate: Double, epoch: Int) -> (
            loss: Double, norm: Double?
        ) {
            let samples = x.count / 1024
            var label = y
            _ = training.transform.apply(to: &label, in: label.indices)
            network.forward(x, step: UInt32(step))
            let (means, gradient) = training.objective(epoch: epoch).gradient(
                output: network.output, labels: label, samples: samples, sites: 1024,
                workers: workers)
            network.backward(gradient)
            let norm = adam.step(
                &network.parameters, gradient: network.gradient, rate: rate, workers: workers)
            return (means.reduce(0, +) / Double(samples), norm)
        }

        func judge(_ x: [Float], _ y: [Float], epoch: Int) -> (loss: Double, mae: Double) {
            let samples = x.count / 1024
            var label = y
            _ = training.transform.apply(to: &label, in: label.indices)
            var output = [Float](repeating: 0, count: x.count)
            network.predict(x, into: &output)
            func mean(_ objective: Objective, _ labels: [Float]) -> Double {
                objective.values(
                    output: output, labels: labels, samples: samples, sites: 1024, workers: workers
                ).reduce(0, +) / Double(samples)
            }
            let loss = mean(training.objective(epoch: epoch), label)
            training.transform.invert(&output)
            return (loss, mean(Objective(loss: .mae, prefactor: .none), y))
        }
    }

    /// Sample k of the golden data, as its generator describes it.
    private static func sample(_ number: Int) -> (x: [Float], y: [Float]) {
        let philox = Philox(key: SIMD2(2026, 99))
        var x = [Float](repeating: 0, count: 1024)
        for disk in 0..<1 + number % 3 {
            let words = philox(SIMD4(UInt32(number), UInt32(disk), 0, 0))
            let (row, column) = (
                3 + Int((UInt64(words.x) * 26) >> 32), 3 + Int((UInt64(words.y) * 26) >> 32)
            )
            let value = disk == 0 ? 1 : Float((words.z >> 8) + 1) * 0x1p-24
            for i in -3...3 {
                for j in -3...3 where i * i + j * j <= 9 {
                    x[(row + i) * 32 + column + j] = max(x[(row + i) * 32 + column + j], value)
                }
            }
        }
        var u = x
        for _ in 0..<64 {
            var next = x
            for site in 0..<1024 where x[site] == 0 {
                let (row, column) = (site / 32, site % 32)
                let (up, down) = (row > 0 ? u[site - 32] : 0, row < 31 ? u[site + 32] : 0)
                let (left, right) = (column > 0 ? u[site - 1] : 0, column < 31 ? u[site + 1] : 0)
                next[site] = ((up + down) + (left + right)) * 0.24
            }
            u = next
        }
        return (x, u)
    }
}

/// `learning.json`.
private struct GoldenDocument {
    let json: JSON

    init() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Golden/learning.json")
        json = Self.value(try JSONSerialization.jsonObject(with: Data(contentsOf: url)))
    }

    private static func value(_ value: Any) -> JSON {
        switch value {
        case let value as [String: Any]: .object(value.mapValues(self.value))
        case let value as [Any]: .array(value.map(self.value))
        case let value as String: .string(value)
        case let value as NSNumber: .number(value.doubleValue)
        default: .null
        }
    }
}
