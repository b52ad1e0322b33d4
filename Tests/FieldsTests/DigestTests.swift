import Fields
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples (NIST, "Examples with intermediate values", SHA-256), and the empty
    /// message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func knownAnswers(message: String, hex: String) throws {
        let digest = Digest(of: Array(message.utf8))
        #expect(digest.description == hex)
        #expect(Digest(hex: hex) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(digest.leadingBits == UInt64(hex.prefix(16), radix: 16))
    }

    @Test func piecesGiveTheSameDigest() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hasher = Digest.Hasher()
        hasher.update(Array(bytes[..<17]))
        unsafe bytes[17...].withUnsafeBytes { unsafe hasher.update($0) }
        #expect(hasher.finish() == Digest(of: bytes))
    }

    @Test func malformedTextIsRefused() {
        let hex = String(repeating: "a", count: 64)
        #expect(Digest(hex: hex) != nil)
        #expect(Digest(hex: hex.uppercased()) == nil)
        #expect(Digest(hex: String(hex.dropLast())) == nil)
        #expect(Digest(hex: hex.dropLast() + "g") == nil)
        #expect(Digest(bytes: [1, 2, 3]) == nil)
    }

    @Test func sampleIDsRoundTrip() {
        for bits in [0, 1, 0x0123_4567_89ab_cdef, UInt64.max] {
            let id = SampleID(bits: bits)
            #expect(id.description.count == 16)
            #expect(SampleID(id.description) == id)
        }
        #expect(SampleID("0123456789ABCDEF") == nil)
        #expect(SampleID("+123456789abcdef") == nil)
        #expect(SampleID("123") == nil)
        #expect(SampleID(bits: 1) < SampleID(bits: 2))
    }
}
