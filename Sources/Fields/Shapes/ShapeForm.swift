package import Documents

/// A form that a source or a region may have: which sites around its centre belong to it.
///
/// Sites have whole offsets (i, j) from the centre, i down the rows and j across the columns. Every
/// rule is evaluated in binary64 with +, −, × and ÷ as written, so that it means the same sites
/// everywhere. Sites on an edge belong to forms that can be turned whatever the angle: their rules
/// allow for e = `ShapeLimits.edge`, which is far more than the rounding of sines and products, and
/// far less than what distances differ by.
///
/// Angles are in degrees, from 0 to below 180. They turn the down axis of the form towards the
/// columns: with p = i·cos + j·sin and q = j·cos − i·sin the first length lies along p, the second
/// along q.
///
/// A form is one file, its line in `Shape.forms`, and its place in the schema.
package protocol ShapeForm: Hashable, Sendable {
    /// What the form is called in files and messages.
    static var name: String { get }
    /// The number that stands for the form in a shard's `/sources`.
    static var code: Int { get }
    /// The key of a source or a region that holds `json`.
    static var key: String { get }

    /// The parameters in order.
    var parameters: [Double] { get }
    /// The form with these parameters, or nil where there are too few or too many; ranges are not
    /// checked.
    init?(parameters: [Double])

    /// The parameters, as the member `key` of a source or a region.
    var json: JSON { get }
    /// Reads what `json` writes; ranges are not checked.
    ///
    /// - Throws: `ConfigurationError` with code `.document`.
    init(json: JSON, of context: String) throws(ConfigurationError)

    /// Why the parameters are not possible, or nil where they are finite and in range.
    var refusal: String? { get }
    /// The sites; parameters must be in range.
    var footprint: Footprint { get }
    /// The copy around its centre after rows and columns are exchanged, and then reversed.
    func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Self
}

extension ShapeForm {
    package static var key: String { name }

    /// Whether `other` is the same form with the same parameters.
    func equals(_ other: any ShapeForm) -> Bool { other as? Self == self }
}
