internal import Documents

extension Shape {
    /// The keys of which a source or a region has exactly one.
    static let keys = forms.map { $0.key }

    /// The member that says what the shape is: a disk's `radius`, or one named for the form.
    var members: [String: JSON] { [type(of: form).key: form.json] }

    /// Reads the one shape among the members of `object`.
    init(_ object: Members) throws(ConfigurationError) {
        let present = Shape.forms.filter { object.has($0.key) }
        guard present.count == 1 else {
            let keys = present.map { $0.key }.joined(separator: " and ")
            throw ConfigurationError(
                .document,
                "\(object.context) has \(present.isEmpty ? "no shape" : keys): it needs one of "
                    + Shape.keys.joined(separator: ", "))
        }
        let form = present[0]
        self.init(
            try form.init(
                json: try object.json(form.key), of: "the \(form.key) of \(object.context)"))
    }
}
