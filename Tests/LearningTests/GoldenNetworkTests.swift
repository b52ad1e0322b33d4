import Documents
import Fields
import Foundation
import Learning
import Testing

/// The networks against PyTorch: `Golden` holds its numbers, scripts/golden/learning.py makes and
/// describes them.
@Suite struct GoldenNetworkTests {
    @Test(arguments: ModelDescription.Kind.allCases) func agreesWithPyTorch(
        kind: ModelDescription.Kind
    ) throws {
        let golden = try GoldenArrays(name: kind.rawValue)
        let model = try ModelDescription(
            kind: kind, width: 0.0235, lattice: Lattice(rows: 32, columns: 32))
        let network = Network(model, seed: 11, largestBatch: 4, workers: Workers(threads: 2))
        try expectParts(
            of: model, network.parameters, network.statistics, golden, "initial", within: 0)
        let x = try golden.array("x")
        var prediction: [Float] = []
        network.predict(x, into: &prediction)
        try expectAgreement(prediction, golden.array("prediction"), "prediction")
        network.forward(x, step: 0)
        try expectAgreement(network.output, golden.array("output"), "output")
        network.backward(try golden.array("output_gradient"))
        try expectParts(of: model, network.gradient, nil, golden, "gradient", within: 1e-5)
        try expectParts(of: model, nil, network.statistics, golden, "statistics", within: 1e-5)
    }

    private func expectAgreement(
        _ found: [Float], _ golden: [Float], _ name: String, within: Double = 1e-5
    ) {
        #expect(found.count == golden.count, "\(name)")
        if within == 0 {
            #expect(found == golden, "\(name)")
        } else {
            #expect(NetworkTests.distance(found, golden.map(Double.init)) < within, "\(name)")
        }
    }

    /// Every tensor's elements 0, s, 2s, …; s is 1 for tensors of at most 256, 7 for larger ones.
    private func expectParts(
        of model: ModelDescription, _ parameters: [Float]?, _ statistics: [Float]?,
        _ golden: GoldenArrays, _ prefix: String, within: Double
    ) throws {
        var starts = (parameters: 0, statistics: 0)
        for tensor in model.tensors {
            let start = tensor.isParameter ? starts.parameters : starts.statistics
            if tensor.isParameter {
                starts.parameters += tensor.count
            } else {
                starts.statistics += tensor.count
            }
            guard let values = tensor.isParameter ? parameters : statistics else { continue }
            let part = stride(from: start, to: start + tensor.count, by: tensor.count > 256 ? 7 : 1)
                .map { values[$0] }
            let name = "\(prefix).\(tensor.name)"
            expectAgreement(part, try golden.array(name), name, within: within)
        }
    }
}

/// The arrays of a file in safetensors, read without Steadyset's own reader.
struct GoldenArrays {
    private let header: [String: Any]
    private let data: Data

    init(name: String) throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Golden/\(name).safetensors")
        let file = try Data(contentsOf: url)
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        header = try #require(
            JSONSerialization.jsonObject(with: file.dropFirst(8).prefix(length)) as? [String: Any])
        data = file.dropFirst(8 + length)
    }

    /// The numbers of an array, little-endian binary32.
    func array(_ name: String) throws -> [Float] {
        let entry = try #require(header[name] as? [String: Any], "\(name)")
        #expect(entry["dtype"] as? String == "F32")
        let offsets = try #require(entry["data_offsets"] as? [Int])
        let bytes = [UInt8](data.dropFirst(offsets[0]).prefix(offsets[1] - offsets[0]))
        return stride(from: 0, to: bytes.count, by: 4).map { index in
            Float(
                bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) })
        }
    }
}
