import Fields
import Shards
import Testing

struct BloscFrameTests {
    /// The shuffle as it is defined, one byte at a time.
    static func plainShuffle(_ bytes: [UInt8]) -> [UInt8] {
        let count = bytes.count / 4
        var out = bytes
        for element in 0..<count {
            for byte in 0..<4 { out[byte * count + element] = bytes[4 * element + byte] }
        }
        return out
    }

    /// The same of the differences of each byte and that of the element before.
    static func plainDifferences(_ bytes: [UInt8]) -> [UInt8] {
        plainShuffle(bytes.indices.map { bytes[$0] &- ($0 < 4 ? 0 : bytes[$0 - 4]) })
    }

    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = Seeded(seed)
        return (0..<count).map { _ in .random(in: 0...255, using: &random) }
    }

    @Test(arguments: [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000, 4096])
    func shuffleMatchesThePlainOne(
        _ elements: Int
    ) {
        let bytes = Self.noise(4 * elements, seed: UInt64(elements))
        var shuffled: [UInt8] = []
        unsafe Shuffle.shuffle(bytes.span.bytes, into: &shuffled)
        #expect(shuffled == Self.plainShuffle(bytes))
        #expect(Shuffle.unshuffled(shuffled) == bytes)
        unsafe Shuffle.shuffle(bytes.span.bytes, into: &shuffled, asDifferences: true)
        #expect(shuffled == Self.plainDifferences(bytes))
        #expect(Shuffle.unshuffled(shuffled, ofDifferences: true) == bytes)
    }

    @Test(arguments: BloscFrame.Form.allCases, [0, 1, 3, 9, 19]) func roundTrip(
        _ form: BloscFrame.Form, _ level: Int
    ) throws {
        // 0 stands for the parameters for fields.
        let compressor = try Zstd.Compressor(level: max(level, 1), forFields: level == 0)
        let decompressor = try Zstd.Decompressor()
        for content in [
            Self.noise(form.streams > 1 ? 512 : 4, seed: 3), Self.noise(4096, seed: 4),
            [UInt8](repeating: 0, count: 1 << 20),
            FieldBytes.bytes(of: Sample.make(1, on: try Lattice(rows: 32, columns: 48)).y),
            Self.noise(3 << 20, seed: 5),
        ] {
            let frame = unsafe try BloscFrame.encode(content.span.bytes, as: form, with: compressor)
            #expect(frame.count <= BloscFrame.bound(content.count))
            #expect(
                try BloscFrame.decode(frame, size: content.count, as: form, with: decompressor)
                    == content)
            let again = unsafe try BloscFrame.encode(content.span.bytes, as: form, with: compressor)
            #expect(again == frame)
            #expect(throws: ShardsError.self) {
                try BloscFrame.decode(frame, size: content.count + 4, as: form, with: decompressor)
            }
            for other in BloscFrame.Form.allCases where other != form {
                #expect(throws: ShardsError.self) {
                    try BloscFrame.decode(frame, size: content.count, as: other, with: decompressor)
                }
            }
        }
    }

    /// Content whose zstd frame has exactly its own length: 17 blocks of noise, which cost what the
    /// frame adds to them, and a short last block of equal bytes, which saves it. 153 × 3641
    /// elements.
    static func contentOfEqualFrame() -> [UInt8] {
        noise(17 << 17, seed: 11) + [UInt8](repeating: 7, count: 68)
    }

    @Test func frameAsLongAsItsContent() throws {
        let content = Self.contentOfEqualFrame()
        let frame = unsafe try BloscFrame.encode(
            content.span.bytes, as: .plain, with: try Zstd.Compressor(level: 3))
        #expect(frame.count == BloscFrame.headerSize + content.count + 8)
        let decompressor = try Zstd.Decompressor()
        let decoded = try BloscFrame.decode(
            frame, size: content.count, as: .plain, with: decompressor)
        #expect(decoded == content)
        for place in frame.count - 8..<frame.count {
            var damaged = frame
            damaged[place] ^= 1
            #expect(throws: ShardsError.self) {
                try BloscFrame.decode(damaged, size: content.count, as: .plain, with: decompressor)
            }
        }
    }

    /// A stream of planes as long as its content, beside others: the same rule for each stream.
    @Test(arguments: [BloscFrame.Form.planes, .differences]) func streamAsLongAsItsContent(
        _ form: BloscFrame.Form
    ) throws {
        let plane = Self.contentOfEqualFrame()
        let planes = (0..<4).map {
            $0 == 2 ? plane : [UInt8](repeating: UInt8($0), count: plane.count)
        }
        let content = Shuffle.unshuffled(
            planes.flatMap { $0 }, ofDifferences: form == .differences)
        let frame = unsafe try BloscFrame.encode(
            content.span.bytes, as: form, with: try Zstd.Compressor(level: 3))
        let lengths = try BloscFrame.checkHeader(frame, size: content.count, as: form).map(\.count)
        #expect(lengths[2] == plane.count && lengths.allSatisfy { $0 <= plane.count })
        let around = form == .planes ? 20 : 97 + 36 + 75
        #expect(frame.count == around + lengths.reduce(0, +) + 4 * 4 + 8)
        let decompressor = try Zstd.Decompressor()
        #expect(
            try BloscFrame.decode(frame, size: content.count, as: form, with: decompressor)
                == content)
    }

    /// Every bit of every byte. In the header each is an error; in the zstd frame a few bits mean
    /// nothing (padding of a bit stream, another code for the same match), and then the content
    /// must be what it was.
    @Test(arguments: [ShardField.x, .y, .differences, .residual]) func noFlipChangesTheContent(
        _ field: ShardField
    ) throws {
        let lattice = try Lattice(rows: 32, columns: 40)
        let sample = Sample.make(2, on: lattice)
        let encoder = try SampleEncoder(lattice: lattice)
        let decoder = try SampleDecoder(lattice: lattice)
        let values = field == .x ? sample.x : sample.y
        let frame = try encoder.frame(of: values, as: field)
        #expect(try decoder.decode(frame, as: field) == values)
        let bodies = try BloscFrame.checkHeader(frame, size: 4 * lattice.count, as: field.form).map
        { $0.dropFirst(6) }
        var harmless = 0
        for place in frame.indices {
            for bit in 0..<8 {
                var damaged = frame
                damaged[place] ^= 1 << bit
                guard let decoded = try? decoder.decode(damaged, as: field) else { continue }
                harmless += 1
                let isInBody = bodies.contains { $0.contains(place) }
                let isSame = decoded == values
                #expect(isInBody && isSame, "byte \(place), bit \(bit)")
            }
        }
        print(
            "flips of \(field): \(harmless) of \(8 * frame.count) without effect, the others "
                + "errors")
        #expect(harmless < frame.count / 4)
        for length in 0..<frame.count {
            #expect(throws: ShardsError.self) {
                try decoder.decode(Array(frame[..<length]), as: field)
            }
        }
        #expect(throws: ShardsError.self) { try decoder.decode(frame + [0], as: field) }
    }

    @Test func bombsAreRefusedBeforeAllocation() throws {
        // A frame of a gigabyte of zeros in a hundred kilobytes: its declared size is not the
        // expected one.
        let zeros = [UInt8](repeating: 0, count: 1 << 26)
        let bomb = unsafe try BloscFrame.encode(
            zeros.span.bytes, as: .plain, with: try Zstd.Compressor(level: 3))
        #expect(
            try code {
                _ = try SampleDecoder(lattice: try Lattice(rows: 32, columns: 32)).decode(
                    bomb, as: .x)
            } == .corrupt)
    }
}
