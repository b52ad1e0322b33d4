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
