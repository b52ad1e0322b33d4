package import Fields
internal import Foundation
package import Sampling
internal import Shards

/// Collects the statistics of samples. Safe for threads.
package final class SampleMeters: @unchecked Sendable {
    private let lock = NSLock()
    /// As many as there were threads at a time, none of which is in use.
    private var idle: [Meter] = []
    private let physics: Physics

    /// Meters of samples under `physics`, a dataset's, which may have open keys.
    package init(_ physics: Physics) { self.physics = physics }

    /// Adds a sample with the image of its sources, its label, and the coefficients of its own, in
    /// the order of `ShardCoefficient.drawn`, each (planes, rows, columns). O(sites).
    package func add(_ image: SourceImage, _ label: [Float], _ coefficients: [[Float]]) {
        let meter = lock.withLock { idle.popLast() } ?? Meter(physics)
        meter.add(image, label, coefficients)
        lock.withLock { idle.append(meter) }
    }

    /// The statistics of the samples that were added, which are of `part`; nil where there are
    /// none. They do not depend on who added which. Nobody may be adding.
    package func statistics(of part: Split.Part) throws -> SampleStatistics? {
        let sum = Meter(physics)
        lock.withLock { for meter in idle { sum.add(meter) } }
        return try sum.statistics(of: part)
    }
}

/// What one thread collects at a time.
private final class Meter {
    private let physics: Physics
    private let names: [(name: String, isShared: Bool)]
    private var samples = 0
    private var x: FieldMeter
    private var y: FieldMeter
    /// Plane by plane, of coefficients that each sample has of its own.
    private var planes: [FieldMeter]
    private var products = ExactSum()

    /// A meter of samples under `physics`, a dataset's, which may have open keys.
    init(_ physics: Physics) {
        self.physics = physics
        names = SampleStatistics.names(under: physics)
        let one = FieldMeter(physics.lattice)
        (x, y) = (one, one)
        planes = ShardCoefficient.drawn(under: physics).flatMap(\.planeNames).map { _ in one }
    }

    /// Adds a sample with the image of its sources, its label, and the coefficients of its own, in
    /// the order of `ShardCoefficient.drawn`, each (planes, rows, columns). O(sites).
    func add(_ image: SourceImage, _ label: [Float], _ coefficients: [[Float]]) {
        samples += 1
        x.add(image)
        y.add(label.span)
        products.add(FieldMeter.product(of: image, label.span))
        var number = 0
        let size = physics.lattice.count
        for values in coefficients {
            for start in stride(from: 0, to: values.count, by: size) {
                planes[number].add(values.span.extracting(start..<start + size))
                number += 1
            }
        }
        precondition(number == planes.count, "a sample has all coefficients that are drawn")
    }

    /// Adds what another collected under the same physics.
    func add(_ other: Meter) {
        samples += other.samples
        x.add(other.x)
        y.add(other.y)
        products.add(other.products)
        for number in planes.indices { planes[number].add(other.planes[number]) }
    }

    /// The statistics of what was collected, which is of `part`; nil where that is nothing.
    func statistics(of part: Split.Part) throws -> SampleStatistics? {
        var totals = [x, y].map(\.totals) + planes.map(\.totals)
        for (dataset, values) in try ShardCoefficient.fixedValues(under: physics) {
            let size = physics.lattice.count
            for plane in 0..<dataset.planes {
                var meter = FieldMeter(physics.lattice)
                meter.add(values.span.extracting(plane * size..<(plane + 1) * size))
                totals.append(meter.totals)
            }
        }
        var fields: [SampleStatistics.Field] = []
        for (own, totals) in zip(names, totals) {
            guard let totals else { return nil }
            fields.append(
                SampleStatistics.Field(name: own.name, isShared: own.isShared, totals: totals))
        }
        return SampleStatistics(
            part: part, samples: samples, stride: HistogramSites(physics.lattice).stride,
            fields: fields, products: products)
    }
}
