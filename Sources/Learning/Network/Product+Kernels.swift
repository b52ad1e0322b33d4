/// The lines of a product: how many, and how far apart they lie on the left and in the output.
struct Lines {
    var count: Int
    var input: Int
    var output: Int
}

/// What tiles start from and end with.
struct TileEnd {
    var bias: Floats
    let start: Correlation.Start
    let finish: Correlation.Finish

    /// The same for the outputs from `channel` on.
    func advanced(by channel: Int) -> TileEnd {
        var end = self
        end.bias = bias.advanced(by: channel)
        return end
    }
}

/// Products of any number of lines, tile by tile.
enum Product {
    /// Writes `width` outputs, 16 or 8, of every line.
    static func run(
        _ loops: NestedSums, _ lines: Lines, width: Int, _ input: Floats, _ weights: Floats, into output: Floats,
        _ end: TileEnd
    ) {
        var line = 0
        while line < lines.count {
            let (x, y) = (input.advanced(by: line &* lines.input), output.advanced(by: line &* lines.output))
            let rest = lines.count &- line
            if width == 16 {
                if rest >= 6 && rest != 8 && rest != 9 {
                    tile6(loops, lines, x, weights, y, end)
                    line &+= 6
                } else if rest >= 4 {
                    tile4(loops, lines, x, weights, y, end)
                    line &+= 4
                } else if rest == 3 {
                    tile3(loops, lines, x, weights, y, end)
                    line &+= 3
                } else {
                    tile1(loops, lines, x, weights, y, end)
                    line &+= 1
                }
            } else {
                if rest >= 8 {
                    halfTile8(loops, lines, x, weights, y, end)
                    line &+= 8
                } else if rest >= 4 {
                    halfTile4(loops, lines, x, weights, y, end)
                    line &+= 4
                } else if rest == 3 {
                    halfTile3(loops, lines, x, weights, y, end)
                    line &+= 3
                } else {
                    halfTile1(loops, lines, x, weights, y, end)
                    line &+= 1
                }
            }
        }
    }

    // Each is a function of its own, so that the compiler allots registers to its innermost loop alone.

    @inline(never)
    private static func tile6(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<6, SIMD16<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func tile4(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<4, SIMD16<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func tile3(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<3, SIMD16<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func tile1(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<1, SIMD16<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func halfTile8(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<8, SIMD8<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func halfTile4(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<4, SIMD8<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func halfTile3(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<3, SIMD8<Float>>(), loops, lines, x, w, y, end) }

    @inline(never)
    private static func halfTile1(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd
    ) { tile(Tile<1, SIMD8<Float>>(), loops, lines, x, w, y, end) }

    @inline(__always)
    private static func tile<let count: Int, Vector: TileVector>(
        _ zero: Tile<count, Vector>, _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats,
        _ end: TileEnd
    ) {
        var tile = zero
        switch end.start {
        case .zero: break
        case .bias:
            let bias: Vector = end.bias.load(0)
            for line in 0..<count { tile.sums[line] = bias }
        case .output:
            for line in 0..<count { tile.sums[line] = y.load(line &* lines.output) }
        }
        tile.add(loops, x, lineStride: lines.input, w)
        switch end.finish {
        case .sums:
            for line in 0..<count { y.store(tile.sums[line], line &* lines.output) }
        case .leaky:
            for line in 0..<count { y.store(tile.sums[line].leaky, line &* lines.output) }
        case .gradient:
            for line in 0..<count {
                let activation: Vector = y.load(line &* lines.output)
                y.store(tile.sums[line] * activation.leakySlope, line &* lines.output)
            }
        }
    }
}
