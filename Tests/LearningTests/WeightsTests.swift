import Documents
import Fields
import Learning
import Testing

@Suite struct WeightsTests {
    static func model() throws -> ModelDescription {
        try ModelDescription(
            kind: .uNet, width: 1.0 / 64, dropout: 0.25, lattice: try Lattice(rows: 32, columns: 64)
        )
    }

    static func weights() throws -> ModelWeights {
        let model = try model()
        return ModelWeights(
            model: model, transform: .power(exponent: 0.5), physics: "{}", trainedOn: "ab",
            epoch: 3, parameters: model.initialParameters(seed: 5),
            statistics: model.initialStatistics())
    }

    /// The header that a parser of JSON would give.
    static func header(_ file: Safetensors) -> JSON {
        var members: [String: JSON] = [
            "__metadata__": .object(file.metadata.mapValues(JSON.string))
        ]
        var offset = 0
        for tensor in file.tensors {
            let end = offset + 4 * tensor.values.count
            members[tensor.name] = .object([
                "dtype": .string("F32"), "shape": .array(tensor.shape.map(JSON.integer)),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ])
            offset = end
        }
        return .object(members)
    }

    @Test func filesComeBack() throws {
        let weights = try Self.weights()
        let file = weights.file
        let bytes = file.bytes
        let header = try Safetensors.header(of: bytes)
        #expect(header.upperBound % 8 == 0)
        #expect(
            String(decoding: bytes[header], as: UTF8.self).hasPrefix(
                Self.header(file).canonicalText))
        let read = try Safetensors(
            header: Self.header(file), file: bytes, valuesAt: header.upperBound)
        #expect(read.tensors == file.tensors && read.metadata == file.metadata)
        #expect(try ModelWeights.description(of: read) == weights.modelJSON.canonicalText)
        let back = try ModelWeights(read, model: weights.modelJSON)
        #expect(back.parameters == weights.parameters && back.statistics == weights.statistics)
        #expect(
            back.model == weights.model && back.transform == weights.transform && back.epoch == 3)
    }

    @Test func damagedHeadersAreRefused() throws {
        let bytes = try Self.weights().file.bytes
        for damaged in [
            [], Array(bytes[..<7]), [255, 255, 255, 255, 255, 255, 255, 255] + bytes[8...],
            [0, 0, 0, 0, 0, 0, 0, 0] + bytes[8...], Array(bytes[..<100]),
        ] as [[UInt8]] {
            #expect(throws: LearningError.self) { _ = try Safetensors.header(of: damaged) }
        }
    }

    /// As long as a checkpoint of the longest training needs, and not much longer.
    @Test func longHeaders() throws {
        func file(_ length: Int) -> [UInt8] {
            Safetensors(metadata: ["state": String(repeating: "x", count: length)], tensors: [])
                .bytes
        }
        #expect(try Safetensors.header(of: file(4 << 20)).count > 4 << 20)
        #expect(throws: LearningError.self) { _ = try Safetensors.header(of: file(16 << 20)) }
    }

    /// Every way in which offsets, shapes and types can contradict the file.
    @Test func contradictionsAreRefused() throws {
        func entry(_ shape: [Double], _ first: Double, _ last: Double, _ type: String = "F32")
            -> JSON
        {
            .object([
                "dtype": .string(type), "shape": .array(shape.map(JSON.number)),
                "data_offsets": .array([.number(first), .number(last)]),
            ])
        }
        let file = [UInt8](repeating: 0, count: 16 + 24)
        func read(_ members: [String: JSON]) throws -> Safetensors {
            try Safetensors(header: .object(members), file: file, valuesAt: 16)
        }
        #expect(
            try read(["a": entry([2, 2], 0, 16), "b": entry([2], 16, 24)]).tensors.map(\.name) == [
                "a", "b",
            ])
        let bad: [(String, [String: JSON])] = [
            ("gap", ["a": entry([2], 0, 8), "b": entry([2], 16, 24)]),
            ("overlap", ["a": entry([4], 0, 16), "b": entry([4], 8, 24)]),
            ("rest", ["a": entry([4], 0, 16)]), ("too long", ["a": entry([8], 0, 32)]),
            ("negative", ["a": entry([2], -8, 0), "b": entry([6], 0, 24)]),
            ("shape", ["a": entry([5], 0, 24)]), ("fraction", ["a": entry([1.5, 4], 0, 24)]),
            ("overflow", ["a": entry([1e15, 1e15], 0, 24)]),
            ("type", ["a": entry([6], 0, 24, "F64")]),
            ("metadata", ["__metadata__": .integer(1), "a": entry([6], 0, 24)]),
            ("metadata", ["__metadata__": .object(["x": .integer(1)]), "a": entry([6], 0, 24)]),
            ("no object", ["a": .integer(1)]), ("nothing", [:]),
        ]
        for (name, members) in bad {
            #expect(throws: LearningError.self, "\(name)") { _ = try read(members) }
        }
    }

    @Test func foreignWeightsAreRefused() throws {
        let weights = try Self.weights()
        let (file, json) = (weights.file, weights.modelJSON)
        func refused(_ name: String, _ tensors: [Safetensors.Tensor], _ json: JSON) {
            #expect(throws: LearningError.self, "\(name)") {
                _ = try ModelWeights(
                    Safetensors(metadata: file.metadata, tensors: tensors), model: json)
            }
        }
        func changed(_ key: String, _ value: JSON) -> JSON {
            .object((json.object ?? [:]).merging([key: value]) { $1 })
        }
        refused("missing", Array(file.tensors.dropFirst()), json)
        refused(
            "foreign", file.tensors + [Safetensors.Tensor(name: "x", shape: [1], values: [1])], json
        )
        var tensors = file.tensors
        tensors[0] = Safetensors.Tensor(
            name: tensors[0].name, shape: tensors[0].shape,
            values: [.nan] + tensors[0].values.dropFirst())
        refused("NaN", tensors, json)
        refused("width", file.tensors, changed("width", .number(0.5)))
        refused("kind", file.tensors, changed("kind", .string("transformer")))
        refused("lattice", file.tensors, changed("lattice", .array([.integer(33), .integer(64)])))
        refused("transform", file.tensors, changed("transform", .string("cube")))
        #expect(throws: LearningError.self) {
            try ModelWeights.description(of: Safetensors(metadata: [:], tensors: []))
        }
        var old = file.metadata
        old["version"] = "2"
        #expect(throws: LearningError.self) {
            try ModelWeights.description(of: Safetensors(metadata: old, tensors: []))
        }
    }
}
