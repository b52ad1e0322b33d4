/// Which sites of the input a site sees: `taps` × `taps` of them, the first at (row · step +
/// rowOrigin, column · step + columnOrigin).
struct Window {
    var taps: Int
    var step: Int
    var rowOrigin: Int
    var columnOrigin: Int

    /// The window of a 3×3 convolution with padding 1, and of its gradient.
    static let around = Window(taps: 3, step: 1, rowOrigin: -1, columnOrigin: -1)
    /// The site alone.
    static let site = Window(taps: 1, step: 1, rowOrigin: 0, columnOrigin: 0)
    /// The sites of an image of twice the sides that see the site through their own windows.
    static let seers = Window(taps: 4, step: 2, rowOrigin: -1, columnOrigin: -1)

    /// What a site at an even (0) or odd (1) row and column of an upsampled image sees of the image
    /// before.
    static func phase(_ row: Int, _ column: Int) -> Window {
        Window(taps: 2, step: 1, rowOrigin: row - 1, columnOrigin: column - 1)
    }

    /// The taps that fall on the `size` rows of the input at `site`.
    func rowTaps(_ site: Int, of size: Int) -> Range<Int> { inside(site * step + rowOrigin, size) }

    /// The taps that fall on the `size` columns of the input at `site`.
    func columnTaps(_ site: Int, of size: Int) -> Range<Int> {
        inside(site * step + columnOrigin, size)
    }

    private func inside(_ start: Int, _ size: Int) -> Range<Int> {
        max(0, -start)..<min(taps, size - start)
    }

    /// The sites below `count` whose tap `tap` falls on the `size` rows of the input.
    func rowSites(_ tap: Int, of size: Int, below count: Int) -> Range<Int> {
        sites(tap + rowOrigin, size, count)
    }

    /// The sites below `count` whose tap `tap` falls on the `size` columns of the input.
    func columnSites(_ tap: Int, of size: Int, below count: Int) -> Range<Int> {
        sites(tap + columnOrigin, size, count)
    }

    /// The sites with 0 ≤ site · step + offset < size.
    private func sites(_ offset: Int, _ size: Int, _ count: Int) -> Range<Int> {
        let first = offset >= 0 ? 0 : (step - 1 - offset) / step
        let end = min(count, (size - offset + step - 1) / step)
        return first..<max(first, end)
    }
}

/// Where the sites of a lattice lie in an image: at (row · step + row, column · step + column).
struct Placement {
    var step: Int
    var row: Int
    var column: Int

    /// Every site of an image.
    static let all = Placement(step: 1, row: 0, column: 0)

    /// The sites in even (0) or odd (1) rows and columns.
    static func phase(_ row: Int, _ column: Int) -> Placement {
        Placement(step: 2, row: row, column: column)
    }
}
