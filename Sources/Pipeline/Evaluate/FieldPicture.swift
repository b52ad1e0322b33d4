/// An image of 8-bit colours as a PNG file (ISO/IEC 15948), without compression: for looking.
struct PNGFile {
    /// Columns of pixels.
    let width: Int
    /// Rows of pixels.
    let height: Int
    /// Red, green, blue, row by row.
    var pixels: [UInt8]

    /// An image of one colour.
    init(width: Int, height: Int, colour: SIMD3<UInt8>) {
        (self.width, self.height) = (width, height)
        pixels = (0..<width * height).flatMap { _ in [colour.x, colour.y, colour.z] }
    }

    /// Sets a pixel.
    mutating func set(row: Int, column: Int, _ colour: SIMD3<UInt8>) {
        let start = 3 * (row * width + column)
        for channel in 0..<3 { pixels[start + channel] = colour[channel] }
    }

    /// The bytes of the file.
    var bytes: [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (3 * width + 1))
        for row in 0..<height {
            rows.append(0)  // no filter
            rows += pixels[3 * row * width..<3 * (row + 1) * width]
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + PNGFile.chunk("IHDR", PNGFile.word(width) + PNGFile.word(height) + [8, 2, 0, 0, 0])
            + PNGFile.chunk("IDAT", PNGFile.stored(rows)) + PNGFile.chunk("IEND", [])
    }

    /// A zlib stream (RFC 1950) of stored blocks (RFC 1951, §3.2.4).
    private static func stored(_ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        out.reserveCapacity(content.count + content.count / 1000 + 16)
        var start = 0
        repeat {
            let end = min(start + 65535, content.count)
            let length = end - start
            out += [end == content.count ? 1 : 0, UInt8(length & 255), UInt8(length >> 8)]
            out += [UInt8(~length & 255), UInt8(~length >> 8 & 255)]
            out += content[start..<end]
            start = end
        } while start < content.count
        // Adler-32.
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in content {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return out + word(Int(b << 16 | a))
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        return word(content.count) + body + word(Int(checksum(body)))
    }

    /// CRC-32, as PNG has it.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 255)] ^ crc >> 8 }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
        }
    }

    private static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// A scale of colours for values from 0 to 1: dark blue over green to light yellow, rising evenly
/// in lightness.
enum ColourScale {
    private static let stops: [SIMD3<Float>] = [
        [8, 10, 48], [30, 44, 110], [28, 92, 132], [32, 140, 122], [96, 184, 84], [192, 214, 62],
        [252, 246, 176],
    ]

    /// The colour of `value`; what is below 0, above 1 or no number has the colour of the nearer
    /// end, of 0 for none.
    static func colour(_ value: Float) -> SIMD3<UInt8> {
        let place = value > 0 ? min(value, 1) * Float(stops.count - 1) : 0
        let below = min(Int(place), stops.count - 2)
        let mixed = stops[below] + (stops[below + 1] - stops[below]) * (place - Float(below))
        return SIMD3(UInt8(mixed.x.rounded()), UInt8(mixed.y.rounded()), UInt8(mixed.z.rounded()))
    }

    /// An image of `fields`, each (rows, columns), side by side.
    static func image(_ fields: [[Float]], rows: Int, columns: Int) -> PNGFile {
        let gap = 4
        var image = PNGFile(
            width: fields.count * (columns + gap) - gap, height: rows, colour: SIMD3(255, 255, 255))
        for (number, field) in fields.enumerated() {
            for row in 0..<rows {
                for column in 0..<columns {
                    image.set(
                        row: row, column: number * (columns + gap) + column,
                        colour(field[row * columns + column]))
                }
            }
        }
        return image
    }
}
