/// Right-hand side at one site.
package struct Charge {
    package var row: Int
    package var column: Int
    package var amount: Double

    package init(row: Int, column: Int, amount: Double) {
        self.row = row
        self.column = column
        self.amount = amount
    }
}

/// Equal charges at neighbouring sites of one row.
struct ChargeRun {
    var columns: Range<Int>
    var amount: Double

    /// The runs of charges in one row, as long as they can be.
    static func runs(of charges: ArraySlice<Charge>) -> [ChargeRun] {
        var runs: [ChargeRun] = []
        for charge in charges {
            if let last = runs.last, last.columns.upperBound == charge.column,
                last.amount == charge.amount
            {
                runs[runs.count - 1].columns = last.columns.lowerBound..<charge.column + 1
            } else {
                runs.append(
                    ChargeRun(columns: charge.column..<charge.column + 1, amount: charge.amount))
            }
        }
        return runs
    }
}
