/// Three nested sums over products of numbers on the left with vectors on the right: how often, and
/// how far apart the factors lie. The innermost comes last.
struct NestedSums {
    var counts: (Int, Int, Int)
    var left: (Int, Int, Int)
    /// The innermost vectors follow one another.
    var right: (Int, Int)
}

/// A block of `lines` × `Vector.scalarCount` sums that stay in registers: all the arithmetic of
/// convolutions, forward and backward.
///
/// Each sum is one chain of fused multiply-adds in the order of the loops, so its bits depend
/// neither on the block that it fell into nor on the machine. Six lines of sixteen (or eight of
/// eight) keep the twelve (eight) sums in flight that hide the latency of two multiply-adds a
/// cycle, and read two vectors and six numbers for twelve multiply-adds.
struct Tile<let lines: Int, Vector: TileVector> {
    var sums = InlineArray<lines, Vector>(repeating: .zero)

    @inline(__always) init() {}

    /// Adds left[line] · right over the three loops.
    ///
    /// - Parameters:
    ///   - lineStride: Distance between lines on the left.
    ///   - step: Distance between the terms of the innermost sum on the left. Either is 1, and
    ///     known where this is inlined.
    @inline(__always) mutating func add(
        _ loops: NestedSums, _ left: Floats, lineStride: Int, step: Int, _ right: Floats
    ) {
        let (outerCount, middleCount, innerCount) = loops.counts
        let (outerLeft, middleLeft, _) = loops.left
        let (outerRight, middleRight) = loops.right
        var outer = 0
        while outer < outerCount {
            var middle = 0
            while middle < middleCount {
                var x = left.advanced(by: outer &* outerLeft &+ middle &* middleLeft)
                var w = right.advanced(by: outer &* outerRight &+ middle &* middleRight)
                var rest = innerCount
                // For short vectors two terms at a time share the arithmetic of addresses; for long
                // ones it made no difference.
                while Vector.scalarCount == 8 && rest >= 2 {
                    add(x, lineStride: lineStride, w.load(0))
                    add(x.advanced(by: step), lineStride: lineStride, w.load(Vector.scalarCount))
                    x = x.advanced(by: 2 &* step)
                    w = w.advanced(by: 2 &* Vector.scalarCount)
                    rest &-= 2
                }
                while rest > 0 {
                    add(x, lineStride: lineStride, w.load(0))
                    x = x.advanced(by: step)
                    w = w.advanced(by: Vector.scalarCount)
                    rest &-= 1
                }
                middle &+= 1
            }
            outer &+= 1
        }
    }

    /// Adds left[line] · right.
    @inline(__always) private mutating func add(_ left: Floats, lineStride: Int, _ right: Vector) {
        for line in 0..<lines {
            sums[line] = sums[line].addingProduct(
                Vector(repeating: left[line &* lineStride]), right)
        }
    }
}

/// A vector of as many outputs as fit a line of a tile.
protocol TileVector: SIMD<Float> {
    /// Leaky ReLU of each number.
    var leaky: Self { get }
    /// The slope of leaky ReLU at each number, from its output, which has the sign of its input.
    var leakySlope: Self { get }
}

// The same twice: only operations on a vector of known size become single instructions.

extension SIMD8: TileVector where Scalar == Float {
    @inline(__always) var leaky: Self {
        (ModelDescription.slope * self).replacing(with: self, where: self .> 0)
    }

    @inline(__always) var leakySlope: Self {
        Self(repeating: ModelDescription.slope).replacing(
            with: Self(repeating: 1), where: self .> 0)
    }
}

extension SIMD16: TileVector where Scalar == Float {
    @inline(__always) var leaky: Self {
        (ModelDescription.slope * self).replacing(with: self, where: self .> 0)
    }

    @inline(__always) var leakySlope: Self {
        Self(repeating: ModelDescription.slope).replacing(
            with: Self(repeating: 1), where: self .> 0)
    }
}
