/// The sites of an image by row.
struct SitesInRows {
    private let columns: Int
    private let sites: [Int]
    private let values: [Double]
    /// Index of the first site of each row, and the number of sites at the end.
    private var starts: [Int]

    /// Takes over sites, which ascend, and their values.
    init(rows: Int, columns: Int, _ sites: [Int], _ values: [Double]) {
        self.columns = columns
        self.sites = sites
        self.values = values
        starts = [Int](repeating: 0, count: rows + 1)
        for site in sites { starts[site / columns + 1] += 1 }
        for row in 0..<rows { starts[row + 1] += starts[row] }
    }

    /// The indices of the sites of one row.
    func row(_ row: Int) -> Range<Int> { starts[row]..<starts[row + 1] }

    func column(_ index: Int) -> Int { sites[index] % columns }

    func value(_ index: Int) -> Double { values[index] }
}
