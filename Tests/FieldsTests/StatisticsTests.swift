import Fields
import Testing

@Suite struct StatisticsTests {
    /// Numbers of many magnitudes and both signs.
    private func numbers(_ count: Int, seed: UInt32) -> [Double] {
        let philox = Philox(seed: seed, stream: 3)
        return (0..<count).map { number in
            let draw = philox(SIMD4(UInt32(number), 0, 0, 0))
            let value = Double(draw.x) + Double(draw.y) * 0x1p-32 + 1
            let exponent = Int(draw.z % 80) - 40
            return (draw.w & 1 == 0 ? 1 : -1)
                * Double(sign: .plus, exponent: exponent, significand: value)
        }
    }

    @Test func exactSumsDependOnNeitherOrderNorGrouping() {
        let numbers = numbers(300, seed: 11)
        let forward = ExactSum(numbers)
        var grouped = ExactSum(numbers[..<70])
        grouped.add(ExactSum(numbers[70..<200].shuffled()))
        grouped.add(ExactSum(numbers[200...].reversed()))
        #expect(forward == grouped)
        #expect(forward.terms.map(\.bitPattern) == grouped.terms.map(\.bitPattern))
        #expect(ExactSum(forward.terms) == forward)
        var nothing = forward
        nothing.subtract(grouped)
        #expect(nothing.terms == [] && nothing.value == 0)
    }

    @Test func exactSumsAreRoundedOnce() {
        let one = 1.0
        // A sum that doubles lose altogether, and ties that a third part decides.
        #expect(ExactSum([1e16, 1, -1e16]).value == 1)
        #expect(ExactSum([1, 0x1p-53]).value == 1)
        #expect(ExactSum([1, 0x1p-53, 0x1p-200]).value == one.nextUp)
        #expect(ExactSum([one.nextUp, 0x1p-53, -0x1p-200]).value == one.nextUp)
        #expect(ExactSum([-1, -0x1p-53, -0x1p-200]).value == -one.nextUp)
        #expect(ExactSum([1, 0x1p-53, 0x1p-200]).terms == [one.nextUp, -0x1p-53, 0x1p-200])
    }

    @Test func classesGrowWithNumbersAndHoldThem() {
        var values: [Float] = [0, -0.0, .leastNonzeroMagnitude, 1, -1, .greatestFiniteMagnitude]
        values += numbers(2000, seed: 5).map { Float($0) }
        values.sort()
        let bins = values.map(ValueBins.bin)
        #expect(bins == bins.sorted())
        for (value, bin) in zip(values, bins) {
            let edges = ValueBins.edges(of: bin)
            #expect(abs(edges.near) <= abs(Double(value)))
            #expect(bin == 0 || abs(Double(value)) < abs(edges.far))
            // Of numbers in full precision, a class is at most 1/32 of itself wide.
            if abs(value) >= .leastNormalMagnitude {
                #expect(abs(edges.far) <= abs(edges.near) * (1 + 1.0 / 32))
            }
        }
    }

    /// A field of `lattice` with numbers that say something of every statistic.
    private func field(_ lattice: Lattice, seed: UInt32) -> [Float] {
        numbers(lattice.count, seed: seed).map { Float($0 * 1e-9) }
    }

    @Test(arguments: [(32, 32), (33, 41), (256, 260)])
    func totalsAreThoseOfTheirDefinition(rows: Int, columns: Int) throws {
        let lattice = try Lattice(rows: rows, columns: columns)
        let fields = (0..<3).map { field(lattice, seed: UInt32(20 + $0)) }
        var meter = FieldMeter(lattice)
        for field in fields { meter.add(field.span) }
        let totals = try #require(meter.totals)
        let sums = fields.map { field in
            var lanes = [Double](repeating: 0, count: 8)
            for (site, value) in field.enumerated() { lanes[site % 8] += Double(value) }
            return lanes.reduce(0, +)
        }
        #expect(totals.count == 3 * lattice.count)
        #expect(totals.sum == ExactSum(sums))
        #expect(totals.minimum == fields.joined().min())
        #expect(totals.maximum == fields.joined().max())
        let mean = fields.joined().reduce(0.0) { $0 + Double($1) } / Double(totals.count)
        let variance =
            fields.joined().reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            / Double(totals.count)
        #expect(abs(totals.mean - mean) <= 1e-12 * totals.rootMeanSquare)
        let deviation = variance.squareRoot()
        // What differs is the rounding of the plain sum here.
        #expect(abs(totals.standardDeviation - deviation) <= 1e-10 * deviation)
        // Quantiles, of the sites that are counted.
        let stride = max(1, Int(Double(lattice.count / (1 << 14)).squareRoot()))
        var seen: [Float] = []
        for field in fields {
            for row in Swift.stride(from: stride / 2, to: rows, by: stride) {
                for column in Swift.stride(from: stride / 2, to: columns, by: stride) {
                    seen.append(field[row * columns + column])
                }
            }
        }
        seen.sort()
        #expect(totals.counts.reduce(0, +) == seen.count)
        for share in [0.01, 0.25, 0.5, 0.9, 1] {
            let exact = Double(seen[max(0, Int((share * Double(seen.count)).rounded(.up)) - 1)])
            #expect(abs(totals.quantile(share) - exact) <= abs(exact) / 32)
        }
    }

    @Test func totalsAddUpHoweverSamplesAreDivided() throws {
        let lattice = try Lattice(rows: 40, columns: 36)
        let fields = (0..<9).map { field(lattice, seed: UInt32(40 + $0)) }
        func totals(_ numbers: [Int]) throws -> FieldTotals {
            var meter = FieldMeter(lattice)
            for number in numbers {
                let field = fields[number]
                meter.add(field.span)
            }
            return try #require(meter.totals)
        }
        let whole = try totals(Array(0..<9))
        var sum = try totals([8, 2, 5])
        sum.add(try totals([0]))
        sum.add(try totals([7, 1, 3, 6, 4]))
        #expect(sum == whole)
        var first = FieldMeter(lattice)
        var second = FieldMeter(lattice)
        for (number, field) in fields.enumerated() {
            if number % 2 == 0 { first.add(field.span) } else { second.add(field.span) }
        }
        second.add(first)
        #expect(second.totals == whole)
    }

    /// An image as such, and written out.
    @Test func imagesCountAsTheirDenseFields() throws {
        for (rows, columns) in [(37, 45), (300, 270)] {
            let lattice = try Lattice(rows: rows, columns: columns)
            let image = SourceImage(
                try Configuration(
                    physics: try Physics(lattice: lattice, sources: .emitting, overlap: .sum),
                    sources: [
                        Source(row: 12, column: 14, radius: 5, value: 0.3),
                        Source(row: 15, column: 17, radius: 6, value: 0.7),
                    ]))
            let y = field(lattice, seed: 7)
            var (sparse, dense) = (FieldMeter(lattice), FieldMeter(lattice))
            sparse.add(image)
            dense.add(image.dense(on: lattice).span)
            #expect(sparse.totals == dense.totals)
            var lanes = [Double](repeating: 0, count: 8)
            for (site, value) in image.dense(on: lattice).enumerated() {
                lanes[site % 8] += Double(value) * Double(y[site])
            }
            #expect(FieldMeter.product(of: image, y.span) == lanes.reduce(0, +))
        }
    }
}
