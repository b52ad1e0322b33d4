internal import Fields

/// The transform from a row's amplitudes to its sites, for the sides at its two ends.
package enum RowTransform {
    /// Two absorbing sides.
    case sines(SineTransform)
    /// Any others.
    case waves(WaveTransform)

    var slotCount: Int {
        switch self {
        case .sines(let transform): transform.slotCount
        case .waves(let transform): transform.slotCount
        }
    }

    /// Batches of `SineTransform.batch` rows that are done together.
    var batchesAtOnce: Int {
        switch self {
        case .sines: 1
        case .waves: WaveTransform.rowsAtOnce / SineTransform.batch
        }
    }

    /// The sine of half the angle by which a slot's wave turns from site to site, nil where the
    /// slot is idle.
    func height(_ slot: Int) -> Double? {
        switch self {
        case .sines(let transform):
            // E has k = 2m of sin(π j k / M); O has k = M − 2m, hence a cosine.
            transform.order(wave: slot / 2).map { m in
                slot & 1 == 0
                    ? Twiddle.sine(m, of: 2 * transform.intervals)
                    : Twiddle.cosine(m, of: 2 * transform.intervals)
            }
        case .waves(let transform):
            slot < transform.waves.count ? transform.height(slot) : nil
        }
    }

    /// One over the sum of the squares of a slot's wave.
    func share(_ slot: Int) -> Double {
        switch self {
        case .sines(let transform): 2 / Double(transform.intervals)
        case .waves(let transform): transform.share(slot)
        }
    }

    /// The slot of the wave that is the same on all sites, where there is one.
    var constantSlot: Int? {
        guard case .waves(let transform) = self else { return nil }
        return transform.constantSlot
    }

    /// What turns charges into amplitudes.
    var chargeWaves: any ChargeWaves {
        switch self {
        case .sines(let transform): WaveTable(transform: transform)
        case .waves(let transform): WaveRows(transform: transform)
        }
    }

    /// Takes over the amplitudes of a batch of rows, one of those that are done together.
    @inline(__always) func setAmplitudes(_ rows: some AmplitudeRows, half: Int) {
        switch self {
        case .sines(let transform): transform.setAmplitudes(rows)
        case .waves(let transform): transform.setAmplitudes(rows, half: half)
        }
    }

    /// Sets the amplitude of the constant wave in one of the rows that are done together.
    func setConstant(_ amplitude: Double, slot: Int, row: Int) {
        guard case .waves(let transform) = self else { return }
        transform.setConstant(amplitude, slot: slot, row: row)
    }

    func synthesise() {
        switch self {
        case .sines(let transform): transform.synthesise()
        case .waves(let transform): transform.synthesise()
        }
    }

    /// Writes the sites of a batch of rows.
    @inline(__always) func write(columns: Int, half: Int, _ rows: FourLines) {
        switch self {
        case .sines(let transform):
            transform.write(sites: min(columns + 1, transform.intervals - 1), rows)
        case .waves(let transform): transform.write(half: half, rows)
        }
    }

    /// Gives a row of the field its ghost sites, index −1 and index `columns`; but for what a
    /// longer
    /// transform leaves at the latter.
    @inline(__always) func setGhosts(_ line: Line<Double>, _ columns: Int) {
        switch self {
        case .sines(let transform): if transform.intervals == columns + 1 { line[columns] = 0 }
        case .waves(let transform):
            line[-1] = transform.ends.outside(line[0], line[columns &- 1], transform.ends.first)
            line[columns] = transform.ends.outside(
                line[columns &- 1], line[0], transform.ends.last)
        }
    }

    /// What a row of the field is off by at its ghost sites.
    @inline(__always) func mismatch(_ line: Line<Double>, _ columns: Int) -> Double {
        guard case .sines = self else { return 0 }
        return abs(line[columns])
    }

    /// The images between the true side and the other one: the reflections of charges, and of their
    /// reflections in the side at the left.
    func images(of runs: [ChargeRun], columns: Int) -> [ChargeRun] {
        guard case .sines(let transform) = self, transform.intervals > columns + 1 else {
            return []
        }
        var images: [ChargeRun] = []
        let room = 0..<transform.intervals - 1
        for run in runs {
            // Site s, counted from the left ghost, has images −, at 2M − s, 4M − s, …, and +, at 2M
            // + s, 4M + s, ….
            let period = 2 * (columns + 1)
            for turn in stride(from: period, to: transform.intervals + columns, by: period) {
                let mirrored = turn - run.columns.upperBound - 1..<turn - run.columns.lowerBound - 1
                let moved = turn + run.columns.lowerBound..<turn + run.columns.upperBound
                for (columns, sign) in [(mirrored, -1.0), (moved, 1.0)] where columns.overlaps(room)
                {
                    images.append(
                        ChargeRun(columns: columns.clamped(to: room), amount: sign * run.amount))
                }
            }
        }
        return images
    }

}
