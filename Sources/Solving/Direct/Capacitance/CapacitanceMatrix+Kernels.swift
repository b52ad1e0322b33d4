/// Products with the matrix and its blocks, 32 numbers at a time. Sums have a fixed order.
extension CapacitanceMatrix {
    /// result = C x. Every block is read once, for its own product and for that of its transpose.
    func apply(_ x: Line<Float>, into result: Line<Float>) {
        let width = CapacitanceMatrix.width
        Columns.eights(groups.count &* width) { result.store8(.zero, $0) }
        for group in groups.indices {
            let out = result.advanced(by: group &* width)
            let own = x.advanced(by: group &* width)
            let (x0, x1, x2, x3) = (own.load8(0), own.load8(8), own.load8(16), own.load8(24))
            var (s0, s1, s2, s3) = (out.load8(0), out.load8(8), out.load8(16), out.load8(24))
            for other in 0..<group &+ 1 where isPresent[CapacitanceMatrix.pair(group, other)] {
                let block = block(group, other)
                let values = x.advanced(by: other &* width)
                let mirrored = result.advanced(by: other &* width)
                let isDiagonal = other == group
                for q in 0..<groups[other].count {
                    let value = SIMD8<Float>(repeating: values[q])
                    let column = block.advanced(by: q &* width)
                    let (c0, c1, c2, c3) = (
                        column.load8(0), column.load8(8), column.load8(16), column.load8(24)
                    )
                    s0 = s0.addingProduct(value, c0)
                    s1 = s1.addingProduct(value, c1)
                    s2 = s2.addingProduct(value, c2)
                    s3 = s3.addingProduct(value, c3)
                    guard !isDiagonal else { continue }
                    let product = (x0 * c0).addingProduct(x1, c1).addingProduct(x2, c2)
                        .addingProduct(x3, c3)
                    mirrored[q] += CapacitanceMatrix.total(product)
                }
            }
            out.store8(s0, 0)
            out.store8(s1, 8)
            out.store8(s2, 16)
            out.store8(s3, 24)
        }
    }

    /// result = the product of a block with each group's values.
    @inline(__always) func multiply(
        _ x: Line<Float>, into result: Line<Float>, by block: (Int) -> Line<Float>
    ) {
        let width = CapacitanceMatrix.width
        for group in groups.indices {
            var (s0, s1, s2, s3) = (
                SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero
            )
            let matrix = block(group)
            let values = x.advanced(by: group &* width)
            for q in 0..<groups[group].count {
                let value = SIMD8<Float>(repeating: values[q])
                let column = matrix.advanced(by: q &* width)
                s0 = s0.addingProduct(value, column.load8(0))
                s1 = s1.addingProduct(value, column.load8(8))
                s2 = s2.addingProduct(value, column.load8(16))
                s3 = s3.addingProduct(value, column.load8(24))
            }
            let out = result.advanced(by: group &* width)
            out.store8(s0, 0)
            out.store8(s1, 8)
            out.store8(s2, 16)
            out.store8(s3, 24)
        }
    }

    /// Σ a b, in eight sums that are added in order.
    static func dot(_ a: Line<Float>, _ b: Line<Float>, _ count: Int) -> Double {
        var sums = SIMD8<Float>.zero
        Columns.eights(count) { sums = sums.addingProduct(a.load8($0), b.load8($0)) }
        return (0..<8).reduce(0.0) { $0 + Double(sums[$1]) }
    }

    /// b − C x, with sums in Double.
    func residual(_ b: [Double], _ x: [Double]) -> [Double] {
        let width = CapacitanceMatrix.width
        var result = b
        for group in groups.indices {
            for other in 0...group where isPresent[CapacitanceMatrix.pair(group, other)] {
                let block = block(group, other)
                for half in stride(from: 0, to: groups[group].count, by: 8) {
                    var own = SIMD8<Double>.zero
                    for k in 0..<8 { own[k] = x[group * width + half + k] }
                    var sum = SIMD8<Double>.zero
                    for q in 0..<groups[other].count {
                        let column = SIMD8<Double>(block.load8(q &* width &+ half))
                        sum = sum.addingProduct(SIMD8(repeating: x[other * width + q]), column)
                        if other < group {
                            result[other * width + q] -= CapacitanceMatrix.total(column * own)
                        }
                    }
                    for k in 0..<8 where half + k < groups[group].count {
                        result[group * width + half + k] -= sum[k]
                    }
                }
            }
        }
        return result
    }

    /// The sum of the lanes, in a fixed order.
    @inline(__always) static func total<Scalar: BinaryFloatingPoint & SIMDScalar>(
        _ v: SIMD8<Scalar>
    ) -> Scalar {
        let four = v.lowHalf + v.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}
