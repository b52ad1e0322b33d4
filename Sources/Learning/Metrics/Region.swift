/// Where on the lattice an error is looked at (Toledo-Marín, Glazier and Fox 2023, §3; R4 is in
/// their released code).
package enum Region: String, Hashable, Sendable, CaseIterable {
    /// Every site.
    case all
    /// Sites with x > 0.
    case sources
    /// All other sites.
    case field
    /// Sites of the field with y ≥ 0.2.
    case r1
    /// Sites of the field with 0.1 ≤ y < 0.2.
    case r2
    /// Sites of the field with 0.05 ≤ y < 0.1.
    case r3
    /// Sites of the field with y < 0.05.
    case r4
}
