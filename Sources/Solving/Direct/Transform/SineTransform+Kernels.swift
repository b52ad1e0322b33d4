/// Four numbers of each of four lines, or their transpose: four vectors of four.
package typealias Square = (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)

/// Four rows of a batch.
package typealias FourLines = (Line<Double>, Line<Double>, Line<Double>, Line<Double>)

/// Returns the vectors of the first numbers, the second ones, …
@inline(__always) func transposed(_ square: Square) -> Square {
    let (a, b, c, d) = square
    let ab0 = SIMD4(a[0], b[0], a[2], b[2])
    let ab1 = SIMD4(a[1], b[1], a[3], b[3])
    let cd0 = SIMD4(c[0], d[0], c[2], d[2])
    let cd1 = SIMD4(c[1], d[1], c[3], d[3])
    return (
        SIMD4(lowHalf: ab0.lowHalf, highHalf: cd0.lowHalf),
        SIMD4(lowHalf: ab1.lowHalf, highHalf: cd1.lowHalf),
        SIMD4(lowHalf: ab0.highHalf, highHalf: cd0.highHalf),
        SIMD4(lowHalf: ab1.highHalf, highHalf: cd1.highHalf)
    )
}

/// Writes `count` sites of four rows, and up to three numbers more, from vectors of four, one a
/// site, that begin `stride` numbers apart.
@inline(__always) func writeRows(
    _ sites: Line<Double>, stride: Int, _ count: Int, _ rows: FourLines
) {
    var site = 0
    while site < count {
        let from = stride &* site
        let lines = transposed(
            (
                sites.load4(from), sites.load4(from &+ stride), sites.load4(from &+ 2 &* stride),
                sites.load4(from &+ 3 &* stride)
            ))
        rows.0.store4(lines.0, site)
        rows.1.store4(lines.1, site)
        rows.2.store4(lines.2, site)
        rows.3.store4(lines.3, site)
        site &+= 4
    }
}

/// The same from vectors that are anywhere, each times a number of the site's.
@inline(__always) func writeRows(
    _ sites: Line<Double>, at places: OffsetLine, times factors: Line<Double>, _ count: Int,
    _ rows: FourLines
) {
    var site = 0
    while site < count {
        @inline(__always) func vector(_ site: Int) -> SIMD4<Double> {
            factors[site] * sites.load4(places[site])
        }
        let lines = transposed(
            (vector(site), vector(site &+ 1), vector(site &+ 2), vector(site &+ 3)))
        rows.0.store4(lines.0, site)
        rows.1.store4(lines.1, site)
        rows.2.store4(lines.2, site)
        rows.3.store4(lines.3, site)
        site &+= 4
    }
}

/// Amplitudes of four rows, computed as they are asked for.
package protocol AmplitudeRows {
    /// Returns those of the four slots from `slot` on, (rows, slots); each slot is asked for once.
    func load(_ slot: Int) -> Square
}

/// The arithmetic of a batch of rows. No sum depends on the machine's width: every product is added
/// in order, by explicitly fused operations.
extension SineTransform {
    /// Takes over the amplitudes of a batch of rows; idle ones are 0.
    @inline(__always) package func setAmplitudes(_ rows: some AmplitudeRows) {
        let (h1, h2) = halves
        let (even, odd) = (workspace.even, workspace.difference)
        let (sums, differences) = (workspace.rows(0), workspace.rows(4))
        let evens = evenPlaces.line
        let (plus, minus) = (2 &* pairs.plus, 2 &* pairs.minus)
        // Arithmetic first, then transposition: together, the compiler would take the vectors to
        // pieces.
        var first = 0
        while first < minus &- plus {
            let count = min(Workspace.chunk, minus &- plus &- first)
            var slot = 0
            while slot < count {
                let (a, b) = (rows.load(plus &+ first &+ slot), rows.load(minus &+ first &+ slot))
                store((a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3), to: sums, slot)
                store((a.0 - b.0, a.1 - b.1, a.2 - b.2, a.3 - b.3), to: differences, slot)
                slot &+= 4
            }
            slot = 0
            while slot < count {
                let pair = (first &+ slot) / 2
                let (sum, difference) = (
                    columns(at: slot, of: sums), columns(at: slot, of: differences)
                )
                even.store4(sum.0, evens[pair])
                even.store4(sum.1, evens[pair] &+ 4)
                even.store4(sum.2, evens[pair &+ 1])
                even.store4(sum.3, evens[pair &+ 1] &+ 4)
                odd.store4(difference.0, 8 &* pair)
                odd.store4(difference.1, 8 &* pair &+ 4)
                odd.store4(difference.2, 8 &* pair &+ 8)
                odd.store4(difference.3, 8 &* pair &+ 12)
                slot &+= 4
            }
            first &+= count
        }
        // Those with m₁ = 0 or m₂ = 0, some of which an idle pair has overwritten.
        first = 0
        while first < plus {
            let count = min(Workspace.chunk, plus &- first)
            var slot = 0
            while slot < count {
                store(rows.load(first &+ slot), to: sums, slot)
                slot &+= 4
            }
            slot = 0
            while slot < count {
                let wave = (first &+ slot) / 2
                let waves = columns(at: slot, of: sums)
                place(waves.0, waves.1, wave, even, odd)
                if wave &+ 1 < h1 &+ h2 { place(waves.2, waves.3, wave &+ 1, even, odd) }
                slot &+= 4
            }
            first &+= count
        }
    }

    @inline(__always) private func store(_ square: Square, to lines: FourLines, _ slot: Int) {
        lines.0.store4(square.0, slot)
        lines.1.store4(square.1, slot)
        lines.2.store4(square.2, slot)
        lines.3.store4(square.3, slot)
    }

    @inline(__always) private func columns(at slot: Int, of lines: FourLines) -> Square {
        transposed(
            (lines.0.load4(slot), lines.1.load4(slot), lines.2.load4(slot), lines.3.load4(slot)))
    }

    /// Stores E and O of a wave with m₁ = 0 or m₂ = 0.
    @inline(__always) private func place(
        _ e: SIMD4<Double>, _ o: SIMD4<Double>, _ wave: Int, _ even: Line<Double>,
        _ odd: Line<Double>
    ) {
        let (h1, h2) = halves
        let line = wave < h2 ? odd : even
        let place = wave < h2 ? 8 &* (h1 &* h2 &+ wave) : 8 &* ((wave &- h2) &* (h2 &+ 1) &+ h2)
        line.store4(e, place)
        line.store4(o, place &+ 4)
    }

    /// Computes the sites of the batch from its amplitudes.
    package func synthesise() {
        let (h1, h2) = halves
        let (even, odd) = (workspace.even, workspace.difference)
        let (evenSums, oddSums) = (workspace.evenSums, workspace.oddSums)
        let (sines, cosines) = (even, odd)
        secondSines.apply(
            odd, into: oddSums,
            .init(count: h1 &+ 1, input: 8 &* h2, output: 8, stride: 8 &* (h1 &+ 1)))
        if h1 > 0 {
            secondCosines.apply(
                even, into: evenSums,
                .init(count: h1, input: 8 &* (h2 &+ 1), output: 8, stride: 8 &* h1))
            firstSines.apply(
                evenSums, into: sines,
                .init(count: h2 &+ 1, input: 8 &* h1, output: 8 &* h1, stride: 8))
        }
        firstCosines.apply(
            oddSums, into: cosines,
            .init(count: h2, input: 8 &* (h1 &+ 1), output: 8 &* (h1 &+ 1), stride: 8))
        combine(sines, cosines)
    }

    /// Adds the parts of the sums for (j₁, ±j₂): u at j and at M − j of either.
    private func combine(_ sines: Line<Double>, _ cosines: Line<Double>) {
        let items = combinations.line
        let sites = workspace.sites
        let last = intervals &- 1
        for item in 0..<combinationCount {
            let record = item &* Combination.width
            let (a, b) = (items[record], items[record &+ 1])
            let upper = items[record &+ 2]
            if a >= 0 && b >= 0 {
                let lower = items[record &+ 3]
                let (sine, cosine) = (sines.load8(a), cosines.load8(b))
                write(sine + cosine, upper, last, sites)
                write(sine - cosine, lower, last, sites)
            } else {
                write(a >= 0 ? sines.load8(a) : cosines.load8(b), upper, last, sites)
            }
        }
    }

    /// Writes u = O ± E of the sites j and M − j, O with the sign (−1)ʲ⁺¹.
    @inline(__always) private func write(
        _ sums: SIMD8<Double>, _ site: Int, _ last: Int, _ sites: Line<Double>
    ) {
        let even = sums.lowHalf
        let odd = sums.highHalf * SIMD4(repeating: Double(2 &* (site & 1) &- 1))
        sites.store4(odd + even, 4 &* (site &- 1))
        sites.store4(odd - even, 4 &* (last &- site))
    }

    /// Writes the first sites of the rows of the batch, and up to three numbers more.
    ///
    /// - Parameter sites: Sites of each row to write, at most M − 1.
    @inline(__always) package func write(sites count: Int, _ rows: FourLines) {
        writeRows(workspace.sites, stride: 4, count, rows)
    }
}
