package import Documents
package import Fields
package import Sampling
package import Shards

/// What is known of the values of x, y and coefficients over the samples of a part of the split.
///
/// It follows from the samples alone, bit for bit, and that of two sets of samples is the sum of
/// both. So it has no part in ids.
package struct SampleStatistics: Hashable, Sendable {
    /// A field by the name that readers know it by.
    package struct Field: Hashable, Sendable {
        package var name: String
        /// Whether all samples share the field, which then counts once.
        package var isShared: Bool
        package var totals: FieldTotals

        package init(name: String, isShared: Bool, totals: FieldTotals) {
            (self.name, self.isShared, self.totals) = (name, isShared, totals)
        }
    }

    package var part: Split.Part
    /// Number of samples, at least 1.
    package var samples: Int
    /// Rows and columns of which one site is in the histograms; see `HistogramSites`.
    package var stride: Int
    /// x, y, and then coefficients that are not constant.
    package var fields: [Field]
    /// Σ x · y over all sites, as `FieldTotals.sum` is taken.
    package var products: ExactSum

    /// The shares of the quantiles that are told, as they are written.
    package static let shares = ["0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99", "0.999"]

    package init(
        part: Split.Part, samples: Int, stride: Int, fields: [Field], products: ExactSum
    ) {
        (self.part, self.samples, self.stride) = (part, samples, stride)
        (self.fields, self.products) = (fields, products)
    }

    /// The totals of the field called `name`; nil where there is none.
    package subscript(name: String) -> FieldTotals? {
        fields.first { $0.name == name }?.totals
    }

    /// Adds those of other samples of the same dataset.
    package mutating func add(_ other: SampleStatistics) {
        precondition(
            fields.map(\.name) == other.fields.map(\.name) && stride == other.stride,
            "statistics of one dataset are of the same fields")
        samples += other.samples
        products.add(other.products)
        for number in fields.indices where !fields[number].isShared {
            fields[number].totals.add(other.fields[number].totals)
        }
    }

    /// The sum of all of `parts`; nil where one is missing, or there is none.
    package static func sum(_ parts: some Sequence<SampleStatistics?>) -> SampleStatistics? {
        var all: SampleStatistics?
        for part in parts {
            guard let part else { return nil }
            if all == nil { all = part } else { all?.add(part) }
        }
        return all
    }

    /// Names and sharing of the fields that the statistics of samples under `physics` are of.
    package static func names(under physics: Physics) -> [(name: String, isShared: Bool)] {
        [("x", false), ("y", false)]
            + ShardCoefficient.drawn(under: physics).flatMap(\.planeNames).map { ($0, false) }
            + ShardCoefficient.fixed(under: physics).flatMap(\.planeNames).map { ($0, true) }
    }
}

extension ShardCoefficient.Dataset {
    /// The names of its planes, one by one.
    package var planeNames: [String] {
        let name = coefficient.rawValue
        return planes == 1 ? [name] : ["\(name)_down", "\(name)_across"]
    }
}

extension SampleStatistics {
    /// Reads what `json` writes; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(
            json, of: context,
            required: ["part", "samples", "stride", "fields", "sum_of_products"])
        self.init(
            part: try members.choice("part"),
            samples: try members.count("samples", in: 1...1 << 53),
            stride: try members.count("stride", in: 1...4096),
            fields: try members.list("fields") { json, context throws(DatasetError) in
                try Field(json, context)
            }, products: try members.sum("sum_of_products"))
    }

    /// Reads the member of a layout; nil where it is not there.
    init?(optional layout: ManifestMembers) throws(DatasetError) {
        guard let json = layout.optional("statistics") else { return nil }
        try self.init(json, "'statistics' of the \(layout.context)")
    }

    /// Refuses statistics that are of no training samples under `physics`.
    func check(_ physics: Physics, path: String) throws(DatasetError) {
        let (names, sites) = (SampleStatistics.names(under: physics), physics.lattice.count)
        let isOfPhysics =
            part == .train && stride == HistogramSites(physics.lattice).stride
            && fields.map(\.name) == names.map(\.name)
            && fields.map(\.isShared) == names.map(\.isShared)
            && fields.allSatisfy {
                $0.totals.count
                    == sites.multipliedReportingOverflow(
                        by: $0.isShared ? 1 : samples
                    ).partialValue
            }
        guard isOfPhysics else {
            throw DatasetError(
                .data, "\(path): 'statistics' are not of training samples of its physics",
                path: path, member: "statistics")
        }
    }

    package var json: JSON {
        .object([
            "part": .string(part.rawValue), "samples": .integer(samples),
            "stride": .integer(stride), "fields": .array(fields.map(\.json)),
            "sum_of_products": products.json,
        ])
    }
}

extension SampleStatistics.Field {
    /// Reads what `json` writes. What follows from the totals is not read: whoever compares the
    /// whole document finds where it is another.
    fileprivate init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(
            json, of: context,
            required: [
                "name", "shared", "count", "mean", "standard_deviation", "minimum", "maximum",
                "quantiles", "sum", "sum_of_squares", "histogram",
            ])
        let histogram = try ManifestMembers(
            try members.json("histogram"), of: "'histogram' of \(context)",
            required: ["classes", "counts"])
        func value(_ key: String) throws(DatasetError) -> Float {
            try members.get(key, "a number of single precision") { json in
                json.double.flatMap { Float(exactly: $0) }
            }
        }
        let last = ValueBins.last
        let classes: [Int] = try histogram.get("classes", "ascending classes") { json in
            guard let classes = json.array?.map(\.int), !classes.isEmpty,
                case let whole = classes.compactMap(\.self), whole.count == classes.count,
                zip(whole, whole.dropFirst()).allSatisfy(<), -last <= whole[0],
                whole[whole.count - 1] <= last
            else { return nil }
            return whole
        }
        let counts: [Int] = try histogram.get("counts", "a number for each class") { json in
            guard let counts = json.array?.map(\.int), counts.count == classes.count,
                case let whole = counts.compactMap(\.self), whole.count == counts.count,
                whole.allSatisfy({ $0 >= 1 }),
                whole.reduce(0.0, { $0 + Double($1) }) <= 0x1p53
            else { return nil }
            return whole
        }
        var dense = [Int](repeating: 0, count: classes[classes.count - 1] - classes[0] + 1)
        for (bin, count) in zip(classes, counts) { dense[bin - classes[0]] = count }
        self.init(
            name: try members.string("name"),
            isShared: try members.get("shared", "true or false") { $0.bool },
            totals: FieldTotals(
                count: try members.count("count", in: 1...1 << 53), sum: try members.sum("sum"),
                squares: try members.sum("sum_of_squares"), minimum: try value("minimum"),
                maximum: try value("maximum"), firstBin: classes[0], counts: dense))
    }

    fileprivate var json: JSON {
        let filled = totals.counts.indices.filter { totals.counts[$0] > 0 }
        return .object([
            "name": .string(name), "shared": .bool(isShared), "count": .integer(totals.count),
            "mean": .number(totals.mean),
            "standard_deviation": .number(totals.standardDeviation),
            "minimum": .number(Double(totals.minimum)), "maximum": .number(Double(totals.maximum)),
            "quantiles": .object(
                SampleStatistics.shares.reduce(into: [:]) {
                    $0[$1] = .number(totals.quantile(Double($1) ?? 1))
                }), "sum": totals.sum.json, "sum_of_squares": totals.squares.json,
            "histogram": .object([
                "classes": .array(filled.map { .integer(totals.firstBin + $0) }),
                "counts": .array(filled.map { .integer(totals.counts[$0]) }),
            ]),
        ])
    }
}

extension ExactSum {
    fileprivate var json: JSON { .array(terms.map(JSON.number)) }
}

extension JSONMembers where Failure == DatasetError {
    /// A sum without rounding, by its terms.
    fileprivate func sum(_ key: String) throws(DatasetError) -> ExactSum {
        try get(key, "up to 40 numbers, largest first") { json in
            guard let terms = json.array?.map(\.double), terms.count <= 40,
                case let numbers = terms.compactMap(\.self), numbers.count == terms.count,
                numbers.allSatisfy({ abs($0) <= 1e100 })
            else { return nil }
            return ExactSum(numbers)
        }
    }
}
