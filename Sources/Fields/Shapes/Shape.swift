/// The shape of a source or of a region: one of the forms that there are, with its parameters.
public struct Shape: Hashable, Sendable {
    /// The forms, by their codes.
    package static let forms: [any ShapeForm.Type] = [
        Disk.self, Ellipse.self, Rectangle.self, Ring.self, Polygon.self, Capsule.self,
    ]

    /// The form with its parameters.
    package let form: any ShapeForm
    /// The form where it is a disk, as it is in most of millions of sources.
    package let disk: Disk?

    /// Creates a shape.
    package init(_ form: some ShapeForm) {
        self.form = form
        disk = form as? Disk
    }

    /// Creates a shape from as many parameters as the form has.
    package init(_ form: any MeasuredForm.Type, _ parameters: [Double]) {
        let measured: any MeasuredForm = form.init(parameters)
        self.init(measured)
    }

    /// Creates a disk.
    public static func disk(radius: Double) -> Shape { Shape(Disk(radius: radius)) }

    /// The shape with these `code` and `parameters`, or nil where there is none; ranges are checked
    /// by `Configuration`.
    public init?(code: Int, parameters: [Double]) {
        guard Shape.forms.indices.contains(code),
            let form = Shape.forms[code].init(parameters: parameters)
        else { return nil }
        self.init(form)
    }

    /// What the shape is called in files and messages.
    public var name: String { type(of: form).name }

    /// The number that stands for the form in a shard's `/sources`.
    public var code: Int { type(of: form).code }

    /// The parameters in the order of the form.
    public var parameters: [Double] { form.parameters }

    /// The sites of the shape, whose parameters must be in range, as in a `Configuration`.
    public var footprint: Footprint { disk?.footprint ?? form.footprint }

    /// Checks that the parameters are finite and in range; where the shape lies is not its
    /// business.
    ///
    /// - Throws: `ConfigurationError` with code `.source`.
    func check() throws(ConfigurationError) {
        if let refusal = form.refusal {
            throw ConfigurationError(.source, "\(name): \(refusal)")
        }
    }

    /// Whether both are the same form with the same parameters.
    public static func == (one: Shape, other: Shape) -> Bool {
        one.disk == other.disk && (one.disk != nil || one.form.equals(other.form))
    }

    /// Feeds form and parameters.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        form.hash(into: &hasher)
    }
}
