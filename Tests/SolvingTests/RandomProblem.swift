import Fields
import Solving

/// A stream of random numbers for tests, made from a seed that failing tests print.
struct TestRandom {
    private let generator: Philox
    private var counter: UInt32 = 0

    init(seed: UInt32) { generator = Philox(seed: seed, stream: 77) }

    /// The next number, in [0, 1).
    mutating func next() -> Double {
        counter += 1
        return Double(generator(SIMD4(counter, 0, 0, 0)).x) / 0x1p32
    }

    /// The next integer in `range`.
    mutating func next(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() * Double(range.count))
    }

    /// One of `choices`.
    mutating func next<T>(of choices: [T]) -> T { choices[next(in: 0...choices.count - 1)] }

    /// `count` disks somewhere on `lattice`; the first has value 1.
    mutating func sources(_ count: Int, on lattice: Lattice, radii: [Double]) -> [Source] {
        (0..<count).map { index in
            let radius = next(of: radii)
            let reach = Int(radius)
            return Source(
                row: next(in: reach...lattice.rows - 1 - reach),
                column: next(in: reach...lattice.columns - 1 - reach), radius: radius,
                value: index == 0 ? 1 : 1 - next())
        }
    }
}

/// Solves a configuration afresh and returns its label with the certificate.
func solve(_ configuration: Configuration, accuracy: Accuracy = Accuracy()) -> (
    label: [Float], solution: Solution
) {
    let solver = Solver(physics: configuration.physics, accuracy: accuracy)
    var label = [Float](repeating: .nan, count: configuration.physics.lattice.count)
    let solution = solver.solve(SourceImage(configuration), into: &label)
    return (label, solution)
}

/// The largest difference between two fields, NaN where either holds one.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    var largest = 0.0
    for (x, y) in zip(a, b) {
        let difference = abs(x - y)
        largest = difference > largest || difference.isNaN ? difference : largest
    }
    return largest
}
