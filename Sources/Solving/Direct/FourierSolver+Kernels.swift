/// The recursions of f and g over a batch of rows, `count` of them, for all slots.
extension FourierSolver {
    /// f, at the row above the batch, becomes f at its last row.
    func descend(_ count: Int, _ charges: FourLines?, _ f: Line<Double>) {
        guard let q = charges else { return leap(count, f, f) }
        let ratio = ratio
        Columns.eights(transform.slotCount) { k in
            let r = ratio.load8(k)
            var value = q.0.load8(k).addingProduct(r, f.load8(k))
            if count > 1 { value = q.1.load8(k).addingProduct(r, value) }
            if count > 2 { value = q.2.load8(k).addingProduct(r, value) }
            if count > 3 { value = q.3.load8(k).addingProduct(r, value) }
            f.store8(value, k)
        }
    }

    /// Writes g at the row above the batch from g at its last row.
    func ascend(_ count: Int, _ charges: FourLines?, _ g: Line<Double>, into above: Line<Double>) {
        guard let q = charges else { return leap(count, g, above) }
        let ratio = ratio
        Columns.eights(transform.slotCount) { k in
            let r = ratio.load8(k)
            var value = g.load8(k)
            if count > 3 { value = r * (value + q.3.load8(k)) }
            if count > 2 { value = r * (value + q.2.load8(k)) }
            if count > 1 { value = r * (value + q.1.load8(k)) }
            above.store8(r * (value + q.0.load8(k)), k)
        }
    }

    /// out = ρ^count line.
    private func leap(_ count: Int, _ line: Line<Double>, _ out: Line<Double>) {
        let power = powers[count - 1]
        Columns.eights(transform.slotCount) { out.store8(power.load8($0) * line.load8($0), $0) }
    }

    /// Gives the transform the amplitudes f + g of a batch, from g at its last row and f at the row
    /// above, which becomes f at the last row. Rows that the lattice does not have get some finite
    /// amplitudes or other.
    func advance(
        rows count: Int, _ charges: FourLines?, _ g: Line<Double>, _ f: Line<Double>, half: Int
    ) {
        let ratio = ratio
        if count < SineTransform.batch {
            let none = (spare[0], spare[0], spare[0], spare[0])
            transform.setAmplitudes(
                LastRows(count: count, ratio: ratio, f: f, g: g, charges: charges ?? none),
                half: half)
        } else if let charges {
            transform.setAmplitudes(
                ChargedRows(ratio: ratio, f: f, g: g, charges: charges), half: half)
        } else {
            transform.setAmplitudes(FreeRows(ratio: ratio, f: f, g: g), half: half)
        }
    }

    /// Four rows without charges.
    private struct FreeRows: AmplitudeRows {
        let ratio: Line<Double>
        let f: Line<Double>
        let g: Line<Double>

        @inline(__always) func load(_ k: Int) -> Square {
            let r = ratio.load4(k)
            let g3 = g.load4(k)
            let g2 = r * g3
            let g1 = r * g2
            let f0 = r * f.load4(k)
            let f1 = r * f0
            let f2 = r * f1
            let f3 = r * f2
            f.store4(f3, k)
            return (f0 + r * g1, f1 + g1, f2 + g2, f3 + g3)
        }
    }

    /// Four rows.
    private struct ChargedRows: AmplitudeRows {
        let ratio: Line<Double>
        let f: Line<Double>
        let g: Line<Double>
        let charges: FourLines

        @inline(__always) func load(_ k: Int) -> Square {
            let r = ratio.load4(k)
            let (q0, q1, q2, q3) = (
                charges.0.load4(k), charges.1.load4(k), charges.2.load4(k), charges.3.load4(k)
            )
            let g3 = g.load4(k)
            let g2 = r * (g3 + q3)
            let g1 = r * (g2 + q2)
            let g0 = r * (g1 + q1)
            let f0 = q0.addingProduct(r, f.load4(k))
            let f1 = q1.addingProduct(r, f0)
            let f2 = q2.addingProduct(r, f1)
            let f3 = q3.addingProduct(r, f2)
            f.store4(f3, k)
            return (f0 + g0, f1 + g1, f2 + g2, f3 + g3)
        }
    }

    /// The last rows of the lattice, fewer than four.
    private struct LastRows: AmplitudeRows {
        let count: Int
        let ratio: Line<Double>
        let f: Line<Double>
        let g: Line<Double>
        let charges: FourLines

        @inline(__always) func load(_ k: Int) -> Square {
            let r = ratio.load4(k)
            let (q0, q1, q2) = (charges.0.load4(k), charges.1.load4(k), charges.2.load4(k))
            let last = g.load4(k)
            let g2 = count > 2 ? last : .zero
            let g1 = count == 2 ? last : r * (g2 + q2)
            let g0 = count == 1 ? last : r * (g1 + q1)
            let f0 = q0.addingProduct(r, f.load4(k))
            let f1 = q1.addingProduct(r, f0)
            let f2 = q2.addingProduct(r, f1)
            return (f0 + g0, f1 + g1, f2 + g2, .zero)
        }
    }
}
