/// One solved sample: its place in the order of its part, and where it is. 16 bytes, as there is
/// one for every sample of the dataset.
package struct RankedSample {
    package let rank: Int
    package let file: Int32
    package let row: Int32

    package init(rank: Int, file: Int32, row: Int32) {
        (self.rank, self.file, self.row) = (rank, file, row)
    }
}
