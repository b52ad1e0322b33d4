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
            "\(kind.rawValue) width \(width) \(rows)×\(columns) samples \(samples) dropout \(dropout) threads \(threads)"
        }

        func model() throws -> ModelDescription {
            try ModelDescription(
                kind: kind, width: width, dropout: dropout, lattice: Lattice(rows: rows, columns: columns))
        }
    }

    static let settings = [
        Setting(),
        Setting(kind: .uNet, samples: 3),
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

    @Test(arguments: settings)
    func trainingAgreesWithDefinition(setting: Setting) throws {
        let model = try setting.model()
        let seed: UInt32 = 7
        let network = Network(
            model, seed: seed, largestBatch: setting.samples + 1, workers: Workers(threads: setting.threads))
        var reference = ReferenceNetwork<Double>(
            model, parameters: network.parameters.map(Double.init), statistics: network.statistics.map(Double.init))
        let count = setting.samples * model.lattice.count
        for step in 0..<2 {
            let x = Self.numbers(count, seed: seed, stream: 100 + UInt32(step)).map { max(0, $0 - 0.7) * 3 }
            let expected = reference.forward(x.map(Double.init), isTraining: true)
            network.forward(x, step: UInt32(step))
            #expect(Self.distance(network.output, expected) < 1e-5)
            #expect(Self.distance(network.statistics, reference.statistics) < 1e-6)
            let d = Self.numbers(count, seed: seed, stream: 200 + UInt32(step)).map { ($0 - 0.4) / Float(count) }
            reference.backward(d.map(Double.init))
            network.backward(d)
            var start = 0
            for tensor in model.tensors where tensor.isParameter {
                let range = start..<start + tensor.count
                start += tensor.count
                // Batch norm takes this bias away again: its gradient is 0, and rounding in the plain network.
                if tensor.name == "encoder.0.bias" {
                    #expect(network.gradient[range].allSatisfy { $0 == 0 })
                    continue
                }
                let distance = Self.distance(network.gradient[range], reference.gradient[range])
                #expect(distance < 1e-5, "\(tensor.name), seed \(seed)")
            }
        }
    }
}
