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

/// What lies beside one another on the left: the terms of a sum, or the lines. The compiler knows
/// it by the type.
protocol TileWalk { static var linesAreNeighbours: Bool { get } }

/// The terms of the innermost sum are neighbours.
enum TermsAreNeighbours: TileWalk { static var linesAreNeighbours: Bool { false } }

/// The lines are neighbours.
enum LinesAreNeighbours: TileWalk { static var linesAreNeighbours: Bool { true } }

/// Products of any number of lines, tile by tile.
enum Product {
    /// Writes `width` outputs, 16 or 8, of every line.
    @inline(__always) static func run<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, width: Int, _ input: Floats, _ weights: Floats,
        into output: Floats, _ end: TileEnd, _ walk: Walk.Type
    ) {
        var line = 0
        while line < lines.count {
            let (x, y) = (
                input.advanced(by: line &* lines.input), output.advanced(by: line &* lines.output)
            )
            let rest = lines.count &- line
            if width == 16 {
                if rest >= 6 && rest != 8 && rest != 9 {
                    tile6(loops, lines, x, weights, y, end, walk)
                    line &+= 6
                } else if rest >= 4 {
                    tile4(loops, lines, x, weights, y, end, walk)
                    line &+= 4
                } else {
                    tile1(loops, lines, x, weights, y, end, walk)
                    line &+= 1
                }
            } else {
                if rest >= 8 {
                    halfTile8(loops, lines, x, weights, y, end, walk)
                    line &+= 8
                } else if rest >= 4 {
                    halfTile4(loops, lines, x, weights, y, end, walk)
                    line &+= 4
                } else {
                    halfTile1(loops, lines, x, weights, y, end, walk)
                    line &+= 1
                }
            }
        }
    }

    // Each is a function of its own, so that the compiler allots registers to its innermost loop
    // alone.

    @inline(never) private static func tile6<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<6, SIMD16<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(never) private static func tile4<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<4, SIMD16<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(never) private static func tile1<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<1, SIMD16<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(never) private static func halfTile8<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<8, SIMD8<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(never) private static func halfTile4<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<4, SIMD8<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(never) private static func halfTile1<Walk: TileWalk>(
        _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats, _ y: Floats, _ end: TileEnd,
        _ walk: Walk.Type
    ) { tile(Tile<1, SIMD8<Float>>(), loops, lines, x, w, y, end, walk) }

    @inline(__always) private static func tile<let count: Int, Vector: TileVector, Walk: TileWalk>(
        _ zero: Tile<count, Vector>, _ loops: NestedSums, _ lines: Lines, _ x: Floats, _ w: Floats,
        _ y: Floats, _ end: TileEnd, _ walk: Walk.Type
    ) {
        var tile = zero
        switch end.start {
        case .zero: break
        case .bias:
            let bias: Vector = end.bias.load(0)
            for line in 0..<count { tile.sums[line] = bias }
        case .output: for line in 0..<count { tile.sums[line] = y.load(line &* lines.output) }
        }
        tile.add(
            loops, x, lineStride: walk.linesAreNeighbours ? 1 : lines.input,
            step: walk.linesAreNeighbours ? loops.left.2 : 1, w)
        switch end.finish {
        case .sums: for line in 0..<count { y.store(tile.sums[line], line &* lines.output) }
        case .leaky: for line in 0..<count { y.store(tile.sums[line].leaky, line &* lines.output) }
        case .gradient:
            for line in 0..<count {
                let activation: Vector = y.load(line &* lines.output)
                y.store(tile.sums[line] * activation.leakySlope, line &* lines.output)
            }
        }
    }
}
