import Fields
import Learning
import Testing

/// The network against the plain one, in Double.
@Suite struct NetworkTests {
    /// A case: the model, how many samples, and the threads.
    struct Setting: Sendable, CustomTestStringConvertible {
        var kind = ModelDescription.Kind.encoderDecoder
        var width = 0.03125
        var rows = 32
        var columns = 32
        var samples = 2
        var dropout = 0.0
        var threads = 1

        var testDescription: String {
            "\(kind.rawValue) width \(width) \(rows)×\(columns) samples \(samples) dropout "
                + "\(dropout) threads \(threads)"
        }

        func model() throws -> ModelDescription {
            try ModelDescription(
                kind: kind, width: width, dropout: dropout,
                lattice: Lattice(rows: rows, columns: columns))
        }
    }

    static let settings = [
        Setting(), Setting(kind: .uNet, samples: 3),
        Setting(width: 0.125, rows: 64, columns: 32, samples: 7, threads: 2),
        Setting(kind: .uNet, width: 0.09, rows: 32, columns: 64, samples: 9, threads: 2),
        Setting(kind: .uNet, rows: 96, columns: 64, samples: 1, threads: 3),
        Setting(width: 0.001, rows: 64, columns: 64, samples: 2),
    ]

    static func numbers(_ count: Int, seed: UInt32, stream: UInt32) -> [Float] {
        let philox = Philox(seed: seed, stream: stream)
        return (0..<count).map { Float(philox([UInt32($0), 0, 0, 0]).x >> 8) * 0x1p-24 }
    }

    /// ‖a − b‖ / ‖b‖.
    static func distance(_ a: some Sequence<Float>, _ b: some Sequence<Double>) -> Double {
        var (difference, norm) = (0.0, 0.0)
        for (x, y) in zip(a, b) {
            difference += (Double(x) - y) * (Double(x) - y)
            norm += y * y
        }
        return (difference / max(norm, 1e-300)).squareRoot()
    }

    @Test(arguments: settings) func trainingAgreesWithDefinition(setting: Setting) throws {
        let model = try setting.model()
        let seed: UInt32 = 7
        let network = Network(
            model, seed: seed, largestBatch: setting.samples + 1,
            workers: Workers(threads: setting.threads))
        var reference = ReferenceNetwork<Double>(
            model, parameters: network.parameters.map(Double.init),
            statistics: network.statistics.map(Double.init))
        let count = setting.samples * model.lattice.count
        for step in 0..<2 {
            let x = Self.numbers(count, seed: seed, stream: 100 + UInt32(step)).map {
                max(0, $0 - 0.7) * 3
            }
            let expected = reference.forward(x.map(Double.init), isTraining: true)
            network.forward(x, step: UInt32(step))
            #expect(Self.distance(network.output, expected) < 1e-5)
            #expect(Self.distance(network.statistics, reference.statistics) < 1e-6)
            let d = Self.numbers(count, seed: seed, stream: 200 + UInt32(step)).map {
                ($0 - 0.4) / Float(count)
            }
            reference.backward(d.map(Double.init))
            network.backward(d)
            var start = 0
            for tensor in model.tensors where tensor.isParameter {
                let range = start..<start + tensor.count
                start += tensor.count
                // Batch norm takes this bias away again: its gradient is 0, and rounding in the
                // plain network.
                if tensor.name == "encoder.0.bias" {
                    #expect(network.gradient[range].allSatisfy { $0 == 0 })
                    continue
                }
                let distance = Self.distance(network.gradient[range], reference.gradient[range])
                #expect(distance < 1e-5, "\(tensor.name), seed \(seed)")
            }
        }
    }

    @Test(arguments: settings) func inferenceAgreesWithDefinition(setting: Setting) throws {
        let model = try setting.model()
        let network = Network(
            model, seed: 3, largestBatch: 2, workers: Workers(threads: setting.threads))
        let channels = model.encoderChannels[0]
        network.statistics =
            Self.numbers(channels, seed: 3, stream: 1) + Self.numbers(channels, seed: 3, stream: 2)
        var reference = ReferenceNetwork<Double>(
            model, parameters: network.parameters.map(Double.init),
            statistics: network.statistics.map(Double.init))
        let x = Self.numbers(setting.samples * model.lattice.count, seed: 3, stream: 3)
        let expected = reference.forward(x.map(Double.init), isTraining: false)
        var y: [Float] = []
        network.predict(x, into: &y)
        #expect(Self.distance(y, expected) < 1e-5)
        // Features come with the same fields: the channels of the bottleneck, averaged.
        var (again, features) = ([Float](), [Float]())
        network.predict(x, into: &again, features: &features)
        #expect(again == y)
        let bottleneck = reference.activation("encoder.5")
        let sites = model.lattice.count / 1024
        #expect(features.count == setting.samples * model.featureCount)
        let means = (0..<features.count).map { row in
            bottleneck[row * sites..<(row + 1) * sites].reduce(0, +) / Double(sites)
        }
        #expect(Self.distance(features, means) < 1e-5)
    }

    @Test(arguments: ModelDescription.Kind.allCases) func dropoutAgreesWithDefinition(
        kind: ModelDescription.Kind
    ) throws {
        let setting = Setting(
            kind: kind, width: 0.0625, rows: 64, columns: 64, samples: 5, dropout: 0.3, threads: 2)
        let model = try setting.model()
        let seed: UInt32 = 9
        let network = Network(model, seed: seed, largestBatch: 5, workers: Workers(threads: 2))
        var reference = ReferenceNetwork<Double>(
            model, parameters: network.parameters.map(Double.init),
            statistics: network.statistics.map(Double.init))
        reference.masks = (0..<2).map { block in
            let mask = DropoutMask(
                seed: seed, probability: 0.3, pass: 4, block: block, isInference: false)
            let count = model.decoderChannels[block] * 4
            return (0..<5 * count).map {
                Double(mask.factors(sample: $0 / count, quarter: $0 % count / 4)[$0 % 4])
            }
        }
        let kept = reference.masks.joined().filter { $0 > 0 }
        #expect(abs(Double(kept.count) / Double(reference.masks.joined().count) - 0.7) < 0.05)
        #expect(kept.allSatisfy { abs($0 * 0.7 - 1) < 1e-6 })
        let x = Self.numbers(5 * model.lattice.count, seed: seed, stream: 5)
        let expected = reference.forward(x.map(Double.init), isTraining: true)
        network.forward(x, step: 4)
        #expect(Self.distance(network.output, expected) < 1e-5)
        let d = Self.numbers(x.count, seed: seed, stream: 6).map { $0 - 0.5 }
        reference.backward(d.map(Double.init))
        network.backward(d)
        #expect(Self.distance(network.gradient, reference.gradient) < 1e-5)
        // Another pass drops other activations, and none are dropped in inference unless it is
        // asked for.
        var (plain, first, second) = ([Float](), [Float](), [Float]())
        network.predict(x, into: &plain)
        network.predict(x, into: &first, dropoutPass: 0)
        network.predict(x, into: &second, dropoutPass: 1)
        #expect(plain != first && first != second)
    }

    @Test(arguments: ModelDescription.Kind.allCases) func bitsDoNotDependOnThreads(
        kind: ModelDescription.Kind
    ) throws {
        let setting = Setting(
            kind: kind, width: 0.125, rows: 64, columns: 64, samples: 10, dropout: 0.1)
        let model = try setting.model()
        let x = Self.numbers(10 * model.lattice.count, seed: 4, stream: 7)
        let results = [1, 2, 3, 7].map { threads in
            let network = Network(
                model, seed: 4, largestBatch: 10, workers: Workers(threads: threads))
            network.forward(x, step: 0)
            network.backward(network.output)
            var prediction: [Float] = []
            network.predict(x, into: &prediction)
            return [network.output, network.gradient, network.statistics, prediction].map {
                $0.map(\.bitPattern)
            }
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test(arguments: ModelDescription.Kind.allCases) func predictionDoesNotDependOnCompany(
        kind: ModelDescription.Kind
    ) throws {
        let model = try Setting(kind: kind, width: 0.125, rows: 64, columns: 64).model()
        let x = Self.numbers(11 * model.lattice.count, seed: 5, stream: 8)
        var (together, alone) = ([Float](), [Float]())
        Network(model, seed: 5, largestBatch: 11, workers: Workers(threads: 2)).predict(
            x, into: &together)
        let network = Network(model, seed: 5, largestBatch: 1, workers: Workers(threads: 1))
        network.predict(x, into: &alone)
        #expect(alone.map(\.bitPattern) == together.map(\.bitPattern))
        // Neither does it on a training pass before.
        network.forward(Array(x.prefix(model.lattice.count)), step: 0)
        network.backward(network.output)
        network.statistics = model.initialStatistics()
        network.predict(x, into: &alone)
        #expect(alone == together)
    }

    @Test func noImagesGiveNoPrediction() throws {
        let network = Network(
            try Setting().model(), seed: 1, largestBatch: 1, workers: Workers(threads: 1))
        var y: [Float] = [1, 2]
        network.predict([], into: &y)
        #expect(y.isEmpty)
    }
}
