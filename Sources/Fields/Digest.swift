internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4).
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// Creates a digest from its 32 bytes, or nil where there are not 32.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Creates a digest from 64 lower-case hexadecimal digits, or nil.
    public init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        func nibble(_ digit: UInt8) -> UInt8? {
            switch digit {
            case 48...57: digit - 48
            case 97...102: digit - 87
            default: nil
            }
        }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// Computes the digest of `bytes`.
    public init(of bytes: [UInt8]) {
        var hasher = Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// The first 64 bits, big-endian.
    public var leadingBits: UInt64 { bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) } }

    /// The digest as 64 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Computes a digest from bytes that arrive in pieces; memory does not grow with their number.
    public struct Hasher {
        private var state = SHA256_CTX()

        /// Creates a hasher that has seen no bytes.
        public init() { unsafe SHA256_Init(&state) }

        /// Appends `bytes`.
        public mutating func update(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe update($0) }
        }

        /// Appends the bytes that `buffer` points to.
        public mutating func update(_ buffer: UnsafeRawBufferPointer) {
            unsafe SHA256_Update(&state, buffer.baseAddress, buffer.count)
        }

        /// Returns the digest of everything appended so far.
        public func finish() -> Digest {
            var state = state
            var bytes = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            unsafe SHA256_Final(&bytes, &state)
            return Digest(unchecked: bytes)
        }
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}
