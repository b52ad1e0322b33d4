import Fields
import Learning
import Testing

@Suite struct ModelDescriptionTests {
    @Test func paperNetworkHasThePapersTensors() throws {
        let model = try ModelDescription(
            kind: .encoderDecoder, width: 1, lattice: Lattice(rows: 512, columns: 512))
        #expect(model.encoderChannels == [64, 128, 256, 512, 1024, 2048])
        #expect(model.decoderChannels == [1024, 512, 256, 128, 64, 32, 1])
        // Summed by hand: 9·in·out + out for each block, and two numbers a channel for batch norm.
        var expected = 2 * 64
        for (input, output) in zip(
            [1, 64, 128, 256, 512, 1024, 2048, 1024, 512, 256, 128, 64, 32],
            [64, 128, 256, 512, 1024, 2048, 1024, 512, 256, 128, 64, 32, 1])
        { expected += 9 * input * output + output }
        #expect(model.parameterCount == expected)
        #expect(
            model.tensors.prefix(5).map(\.name) == [
                "encoder.0.weight", "encoder.0.bias", "encoder.0.norm.weight",
                "encoder.0.norm.bias", "encoder.1.weight",
            ])
        #expect(model.tensors.first { $0.name == "decoder.6.weight" }?.shape == [32, 1, 3, 3])
    }

    @Test func skipConnectionsFollowTheUpsampledChannels() throws {
        let model = try ModelDescription(
            kind: .uNet, width: 0.125, lattice: Lattice(rows: 64, columns: 96))
        let inputs = (0..<7).map { block in
            model.tensors.first { $0.name == "decoder.\(block).weight" }?.shape[0]
        }
        #expect(inputs == [256, 128, 64 + 128, 32 + 64, 16 + 32, 8 + 16, 4 + 8])
    }

    @Test(arguments: [0, -1, 0.0001, 4.5, .nan, .infinity]) func widthOutOfRangeIsRefused(
        width: Double
    ) throws {
        let lattice = try Lattice(rows: 64, columns: 64)
        let error = #expect(throws: LearningError.self) {
            try ModelDescription(kind: .encoderDecoder, width: width, lattice: lattice)
        }
        #expect(error?.code == .model)
    }

    @Test func latticeThatCannotBeHalvedIsRefused() throws {
        let lattice = try Lattice(rows: 64, columns: 80)
        let error = #expect(throws: LearningError.self) {
            try ModelDescription(kind: .encoderDecoder, width: 1, lattice: lattice)
        }
        #expect(error?.message.contains("multiples of 32") == true)
    }

    @Test(arguments: [-0.1, 1, .nan]) func dropoutOutOfRangeIsRefused(dropout: Double) throws {
        let lattice = try Lattice(rows: 64, columns: 64)
        #expect(throws: LearningError.self) {
            try ModelDescription(kind: .uNet, width: 1, dropout: dropout, lattice: lattice)
        }
    }

    @Test func initialValuesAreCountedUniform() throws {
        let model = try ModelDescription(
            kind: .encoderDecoder, width: 0.125, lattice: Lattice(rows: 32, columns: 32))
        let values = model.initialParameters(seed: 5)
        #expect(values.count == model.parameterCount)
        #expect(values == model.initialParameters(seed: 5))
        // encoder.0.weight: bound 1/√9; the third value of tensor 0 is word 2 at the counter's
        // start.
        let word = Philox(seed: 5, stream: 17)([0, 0, 0, 0])[2]
        let bound = Float(1 / 9.0.squareRoot())
        #expect(values[2] == bound * (2 * (Float(word >> 8) * 0x1p-24) - 1))
        // encoder.0.norm: ones, then zeros.
        #expect(values[80..<88].allSatisfy { $0 == 1 } && values[88..<96].allSatisfy { $0 == 0 })
    }
}
