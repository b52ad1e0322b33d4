/// How one axis of a grid is thinned out by a factor of two.
///
/// Coarse point c is the fine point 2c + `offset`. Counted from the wall, that is every second
/// point, starting with the second one: a coarse grid keeps its distance to an absorbing wall. On a
/// ring of odd length two coarse points are neighbours on the fine grid, the last one and the
/// first: the seam.
package struct Coarsening: Hashable, Sendable {
    /// Number of points of the fine axis.
    package let fine: Int
    /// Number of the fine point that is coarse point 0.
    package let offset: Int
    /// Whether the axis is a ring.
    package let isRing: Bool

    /// Thins out an axis of `fine` points.
    package init(fine: Int, isRing: Bool) {
        self.fine = fine
        self.isRing = isRing
        offset = isRing && fine & 1 == 1 ? 0 : 1
    }

    /// Number of coarse points.
    package var coarse: Int { (fine + 1 - offset) / 2 }
    /// Number of fine points between coarse ones; number k is the fine point 2k + 1 − `offset`, and
    /// has coarse points k − `offset` and k − `offset` + 1 as neighbours.
    package var between: Int { fine - coarse }
    /// Whether the last coarse point is next to the first one.
    package var hasSeam: Bool { isRing && offset == 0 }
}
