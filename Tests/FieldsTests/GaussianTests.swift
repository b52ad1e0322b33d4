import Fields
import Foundation
import Testing

@Suite struct GaussianTests {
    static let (rows, columns) = (37, 46)
    static let covariances: [GaussianCovariance] = [
        .kernel(.exponential, length: 3), .kernel(.cubic, length: 9),
        .kernel(.gaussian, length: 4.5), .spectral(tau: 3, alpha: 2),
    ]

    static func lattice() throws -> Lattice { try Lattice(rows: rows, columns: columns) }

    /// The Gaussian field itself, by the logarithm of a lognormal coefficient that counts always.
    static func field(
        _ covariance: GaussianCovariance, key: UInt32, boundary: Boundary = .absorbing
    ) throws -> [Double] {
        let values = GaussianCoefficient.Values.lognormal(
            median: 1, variance: 0.01, contrast: 1...1000)
        return Coefficient.gaussian(
            GaussianCoefficient(values: values, covariance: covariance, key: key)
        ).evaluated(on: try lattice(), boundary: boundary).map { 10 * log($0) }
    }

    static func lognormal(
        _ covariance: GaussianCovariance, _ contrast: ClosedRange<Double>, key: UInt32?
    ) throws -> Physics {
        let values = GaussianCoefficient.Values.lognormal(
            median: 2, variance: 0.5, contrast: contrast)
        return try Physics(
            lattice: try lattice(),
            diffusivity: .isotropic(
                .gaussian(GaussianCoefficient(values: values, covariance: covariance, key: key))),
            decayRate: .constant(0))
    }

    /// Of n draws the mean product of two sites of variances v and w and covariance c has the
    /// standard deviation √((vw + c²)/n): five of them are allowed.
    static func expectCovariance(
        _ covariance: GaussianCovariance, _ boundary: Boundary, _ pairs: [(Int, Int)],
        _ expected: (Int, Int) -> Double
    ) throws {
        let draws = 400
        var sums = [Double](repeating: 0, count: pairs.count)
        for key in 0..<UInt32(draws) {
            let field = try field(covariance, key: key, boundary: boundary)
            for (number, (one, other)) in pairs.enumerated() {
                sums[number] += field[one] * field[other]
            }
        }
        for (sum, (one, other)) in zip(sums, pairs) {
            let c = expected(one, other)
            let product = expected(one, one) * expected(other, other)
            let error = sum / Double(draws) - c
            #expect(
                abs(error) < 5 * ((product + c * c) / Double(draws)).squareRoot(),
                "\(covariance), sites \(one) and \(other): off by \(error)")
        }
    }

    /// Pairs near and far, across both sides of the lattice.
    static let pairs: [(Int, Int)] = [
        (0, 0), (0, 1), (0, 46), (0, 3 * 46 + 2), (0, 45), (0, 36 * 46), (800, 803), (800, 846),
        (1701, 1701), (850, 40),
    ]

    @Test func kernelsAreTheCovariance() throws {
        let kernels: [(GaussianCovariance.Kernel, Double, (Double) -> Double)] = [
            (.exponential, 3, { exp(-$0) }), (.gaussian, 4.5, { exp(-$0 * $0) }),
            (
                .cubic, 9,
                { h in
                    h < 1
                        ? 1 - 7 * pow(h, 2) + 8.75 * pow(h, 3) - 3.5 * pow(h, 5) + 0.75 * pow(h, 7)
                        : 0
                }
            ),
        ]
        let periodic = Boundary(all: .periodic)
        for (kernel, length, correlation) in kernels {
            for boundary in [.absorbing, periodic] {
                try Self.expectCovariance(
                    .kernel(kernel, length: length), boundary, Self.pairs
                ) { one, other in
                    var (down, across) = (
                        abs(one / Self.columns - other / Self.columns),
                        abs(one % Self.columns - other % Self.columns)
                    )
                    if boundary == periodic {
                        down = min(down, Self.rows - down)
                        across = min(across, Self.columns - across)
                    }
                    return correlation(Double(down * down + across * across).squareRoot() / length)
                }
            }
        }
    }

    @Test func spectraAreTheCovariance() throws {
        let (tau, alpha) = (3.0, 2.0)
        var variances: [(k: Int, l: Int, variance: Double)] = []
        for k in 0..<Self.rows {
            for l in 0..<Self.columns where k + l > 0 {
                let longer = Double(Self.columns)
                let (u, v) = (
                    Double.pi * longer / Double(Self.rows) * Double(k), Double.pi * Double(l)
                )
                variances.append((k, l, pow(u * u + v * v + tau * tau, -alpha)))
            }
        }
        let sum = variances.reduce(0) { $0 + $1.variance }
        func cosine(_ wave: Int, _ place: Int, _ side: Int) -> Double {
            (wave == 0 ? 1 : 2.0.squareRoot())
                * cos(.pi * Double(wave) * (Double(place) + 0.5) / Double(side))
        }
        func wave(_ k: Int, _ l: Int, _ site: Int) -> Double {
            cosine(k, site / Self.columns, Self.rows) * cosine(l, site % Self.columns, Self.columns)
        }
        try Self.expectCovariance(
            .spectral(tau: tau, alpha: alpha), .absorbing, Self.pairs
        ) { one, other in
            variances.reduce(0) {
                $0 + $1.variance / sum * wave($1.k, $1.l, one) * wave($1.k, $1.l, other)
            }
        }
    }

    @Test func twoValuesAreTheFieldsSign() throws {
        for covariance in Self.covariances {
            let coefficient = Coefficient.gaussian(
                GaussianCoefficient(
                    values: .twoValued(below: 3, above: 12), covariance: covariance, key: 9))
            let values = coefficient.evaluated(on: try Self.lattice(), boundary: .absorbing)
            let field = try Self.field(covariance, key: 9)
            #expect(Set(values) == [3, 12])
            #expect(zip(values, field).allSatisfy { $0 == ($1 >= 0 ? 12 : 3) })
        }
    }

    @Test func contrastsAreInTheirRange() throws {
        for covariance in Self.covariances {
            for key: UInt32 in 0..<20 {
                let medium = try Self.lognormal(covariance, 15...60, key: key).medium()
                #expect(medium.isInRange)
                #expect(medium.contrast >= 15 && medium.contrast <= 60)
                #expect(medium.contrast == medium.down.max()! / medium.down.min()!)
            }
        }
    }

    @Test func whatNoDrawReachesIsSaid() throws {
        let medium = try Self.lognormal(Self.covariances[1], 990...991, key: 1).medium()
        #expect(!medium.isInRange)
        #expect(medium.down.allSatisfy { $0 >= 2 / 991 && $0 <= 2 * 991 })
    }

    @Test func drawsAfterOthersAreTheSame() throws {
        var draws = MediumDraws()
        for key: UInt32 in 0..<3 {
            for covariance in Self.covariances {
                let physics = try Self.lognormal(covariance, 1...1000, key: key)
                #expect(draws.medium(of: physics) == physics.medium())
            }
        }
    }

    /// FNV-1a over the bit patterns of 2·e^(√½·z), with the key 4 000 000 000, on sides
    /// without convenient lengths. `scripts/tests/test_family.py` compares such fields with sums of
    /// its own.
    @Test(
        arguments: [
            (0, false, 0xb2cb_b644_07a3_02e0), (1, false, 0x7ae8_015d_82a4_636a),
            (2, true, 0xd4f5_dcae_f0b4_2191), (3, false, 0x5bb8_3bbf_db26_06ff),
        ] as [(Int, Bool, UInt64)])
    func bitsAreTheSameEverywhere(_ covariance: Int, _ isPeriodic: Bool, _ expected: UInt64) throws
    {
        let values = GaussianCoefficient.Values.lognormal(
            median: 2, variance: 0.5, contrast: 1...1000)
        let field = Coefficient.gaussian(
            GaussianCoefficient(
                values: values, covariance: Self.covariances[covariance], key: 4_000_000_000)
        ).evaluated(
            on: try Self.lattice(), boundary: Boundary(all: isPeriodic ? .periodic : .absorbing))
        let hash = field.reduce(14_695_981_039_346_656_037 as UInt64) {
            ($0 ^ $1.bitPattern) &* 1_099_511_628_211
        }
        #expect(hash == expected)
    }
}
