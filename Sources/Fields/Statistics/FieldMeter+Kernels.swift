extension FieldMeter {
    /// Adds a field, (rows, columns), of finite values. O(sites).
    package mutating func add(_ values: Span<Float>) {
        precondition(values.count == sites.lattice.count, "a field has one value per site")
        // The buffer is the field's own, and is left when the closure ends.
        unsafe values.withUnsafeBufferPointer { unsafe addAll($0) }
    }

    private mutating func addAll(_ values: UnsafeBufferPointer<Float>) {
        guard let start = values.baseAddress else { return }
        var (sums, squared) = (SIMD8<Double>(), SIMD8<Double>())
        var least = SIMD8<Float>(repeating: .infinity)
        var greatest = SIMD8<Float>(repeating: -.infinity)
        let whole = values.count & ~7
        var site = 0
        while site < whole {
            // A field has no values beyond `whole`, which is at most its length.
            let own = unsafe UnsafeRawPointer(start + site).loadUnaligned(as: SIMD8<Float>.self)
            let exact = SIMD8<Double>(own)
            sums += exact
            squared += exact * exact
            least.replace(with: own, where: own .< least)
            greatest.replace(with: own, where: own .> greatest)
            site += 8
        }
        for site in whole..<values.count {
            let own = unsafe values[site]
            let exact = Double(own)
            sums[site & 7] += exact
            squared[site & 7] += exact * exact
            least[site & 7] = min(least[site & 7], own)
            greatest[site & 7] = max(greatest[site & 7], own)
        }
        close(sums, squared, least.min(), greatest.max())
        for row in sites.rows {
            let line = row * sites.lattice.columns
            for column in sites.columns {
                bins[ValueBins.end + ValueBins.bin(of: unsafe values[line + column])] += 1
            }
        }
    }

    /// The sum over the sites of the product of an image and a field, lane by lane as sums are.
    /// O(sites of sources).
    package static func product(of image: SourceImage, _ values: Span<Float>) -> Double {
        var sums = SIMD8<Double>()
        for (site, value) in zip(image.sites, image.values) {
            sums[site & 7] += Double(Float(value)) * Double(values[site])
        }
        return sums.orderedSum
    }
}
