internal import Documents
internal import Fields
internal import Shards

/// Where in the shared memory the fields of a request's samples go, as far as they are asked for.
struct FieldPlaces {
    private(set) var x: Int?
    private(set) var y: Int?
    /// Those of the coefficients, in their order.
    private(set) var coefficients: [Int?]
    private let datasets: [ShardCoefficient.Dataset]
    private let fieldBytes: Int

    /// Reads the places of the first sample, the member `into` of a request, which may have
    /// `coefficients`.
    init(_ json: JSON, coefficients datasets: [ShardCoefficient.Dataset], lattice: Lattice)
        throws(EngineError)
    {
        let names = datasets.map(\.coefficient.rawValue)
        let members = try Members(json, of: "'into'", required: [], optional: ["x", "y"] + names)
        x = try members.optionalInt("x")
        y = try members.optionalInt("y")
        var coefficients: [Int?] = []
        for name in names { coefficients.append(try members.optionalInt(name)) }
        self.coefficients = coefficients
        self.datasets = datasets
        fieldBytes = 4 * lattice.count
    }

    /// Whether a label is asked for, or the image of its sources.
    var hasFields: Bool { x != nil || y != nil }

    /// The places of the request's sample `number`: samples follow one another.
    func sample(_ number: Int) -> FieldPlaces {
        var places = self
        places.x = x.map { $0 + number * fieldBytes }
        places.y = y.map { $0 + number * fieldBytes }
        for (place, dataset) in datasets.enumerated() {
            places.coefficients[place] = coefficients[place].map {
                $0 + number * dataset.planes * fieldBytes
            }
        }
        return places
    }
}
