import Fields
import Solving
import Testing

/// Pinned sites that enclose small cavities: there, basis functions of the uniform method's coarse
/// levels can be nearly the same, and its cycles diverge.
@Suite struct CavityTests {
    static let lattice = 32

    /// A ring at every place of the coarse levels, with one more site of its hole pinned: all
    /// certified, and those of the general method are within their bounds.
    @Test func ringsWithASiteInTheirHoleAreCertified() throws {
        let physics = try Physics(
            lattice: try Lattice(rows: Self.lattice, columns: Self.lattice), decayRate: 0.1)
        let solver = Solver(physics: physics, accuracy: Accuracy())
        var label = [Float](repeating: 0, count: Self.lattice * Self.lattice)
        var byGeneral = 0
        for place in 0..<16 {
            let center = (13 + place / 4, 13 + place % 4)
            for hole in 0..<25 {
                let image = Self.ring(
                    at: center, with: (center.0 + hole / 5 - 2, center.1 + hole % 5 - 2))
                let solution = solver.solve(image, into: &label)
                let words: Comment = "\(place), \(hole), \(solution.errorBound)"
                #expect(solution.isCertified, words)
                guard solution.method == .general else { continue }
                byGeneral += 1
                let exact = referenceField(image, physics)
                #expect(
                    largestDifference(label.map(Double.init), exact) <= solution.errorBound, words)
            }
        }
        #expect(byGeneral > 0, "the uniform method has become able to do them: find others")
    }

    /// What diverged leaves nothing behind.
    @Test func laterResultsDoNotDependOnOneThatDiverged() throws {
        let lattice = try Lattice(rows: Self.lattice, columns: Self.lattice)
        let physics = try Physics(lattice: lattice, decayRate: 0.1)
        let used = Solver(physics: physics, accuracy: Accuracy())
        var (label, other) = (
            [Float](repeating: 0, count: lattice.count), [Float](repeating: 1, count: lattice.count)
        )
        var diverged = 0
        for hole in 0..<25 {
            let image = Self.ring(at: (13, 17), with: (11 + hole / 5, 15 + hole % 5))
            if used.solve(image, into: &label).method == .general { diverged += 1 }
            let next = Self.ring(at: (12, 14 + hole % 5), with: (3, hole))
            let solution = used.solve(next, into: &label)
            let fresh = Solver(physics: physics, accuracy: Accuracy()).solve(next, into: &other)
            #expect(solution == fresh && label == other, "\(hole)")
        }
        #expect(diverged > 0)
    }

    /// Predictions are judged and repaired there as elsewhere: their cycles diverge, too.
    @Test func predictionsAreJudgedAndRepaired() throws {
        let lattice = try Lattice(rows: Self.lattice, columns: Self.lattice)
        let physics = try Physics(lattice: lattice, decayRate: 0.1)
        let solver = Solver(physics: physics, accuracy: Accuracy())
        var (label, diverged) = ([Float](repeating: 0, count: lattice.count), 0)
        for hole in 0..<25 {
            let image = Self.ring(at: (13, 17), with: (11 + hole / 5, 15 + hole % 5))
            guard solver.solve(image, into: &label).method == .general else { continue }
            diverged += 1
            let exact = referenceField(image, physics)
            var field = exact.map { Float(0.9 * $0) }
            let error = largestDifference(field.map(Double.init), exact)
            let judged = solver.judge(field, image: image, physics: physics)
            #expect(judged.errorBound >= error && judged.errorBound < 1.5 * error, "\(hole)")
            let repair = solver.repair(&field, image: image, physics: physics, tolerance: 1e-6)
            #expect(repair.outcome == .repaired && repair.errorBound <= 1e-6, "\(hole)")
            let rest = largestDifference(field.map(Double.init), exact)
            #expect(rest <= repair.errorBound, "\(hole)")
        }
        #expect(diverged > 0)
    }

    /// Rings, disks, holes, noise and stripes at random, which no list of sources would say.
    @Test(arguments: 0..<120) func imagesAreCertified(_ seed: Int) throws {
        var random = TestRandom(seed: 70_000 + UInt32(seed))
        let lattice = try Lattice(rows: random.next(in: 32...64), columns: random.next(in: 32...64))
        let physics = try Physics(
            lattice: lattice, decayRate: random.next(of: [1e-4, 1e-3, 1.0 / 400, 0.1, 1]))
        let solver = Solver(physics: physics, accuracy: Accuracy())
        var label = [Float](repeating: .nan, count: lattice.count)
        for _ in 0..<10 {
            let image = Self.randomImage(lattice, &random)
            let solution = solver.solve(image, into: &label)
            #expect(solution.isCertified, "seed \(seed)")
            #expect(label.allSatisfy { $0 >= 0 && Double($0) <= 1 + 1e-5 }, "seed \(seed)")
        }
    }

    /// A ring around `center` whose hole has 21 sites, and one more site.
    static func ring(at center: (Int, Int), with site: (Int, Int)) -> SourceImage {
        let sites = (0..<lattice * lattice).filter { site in
            let (down, across) = (site / lattice - center.0, site % lattice - center.1)
            return (6...25).contains(down * down + across * across)
        }
        let extra = site.0 * lattice + site.1
        let all = sites.contains(extra) ? sites : (sites + [extra]).sorted()
        return SourceImage(sites: all, values: all.map { $0 == extra ? 1 : 0.75 })
    }

    private static func randomImage(_ lattice: Lattice, _ random: inout TestRandom) -> SourceImage {
        var pinned = [Bool](repeating: random.next(in: 0...3) == 0, count: lattice.count)
        for _ in 0..<random.next(in: 1...12) {
            let outer = 1 + 7 * random.next()
            let inner = random.next(in: 0...2) == 0 ? 0 : outer * random.next()
            let center = (
                Double(lattice.rows) * random.next(), Double(lattice.columns) * random.next()
            )
            let value = random.next(in: 0...3) > 0
            for site in pinned.indices {
                let down = Double(site / lattice.columns) - center.0
                let across = Double(site % lattice.columns) - center.1
                let square = down * down + across * across
                if square <= outer * outer && square >= inner * inner { pinned[site] = value }
            }
        }
        for _ in 0..<random.next(in: 0...20) {
            pinned[random.next(in: 0...lattice.count - 1)] = random.next(in: 0...1) == 0
        }
        pinned[0] = true
        let sites = pinned.indices.filter { pinned[$0] }
        return SourceImage(sites: sites, values: sites.map { $0 == 0 ? 1 : 1 - random.next() })
    }
}
