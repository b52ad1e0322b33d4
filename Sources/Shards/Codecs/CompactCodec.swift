/// y as differences of the bytes of neighbouring floats, in a frame of blosc 2.
struct CompactCodec: ShardCodec {
    let name = "compact"
    let words = "labels a quarter smaller, which HDF5 libraries read with the filter blosc2"
    let labels: (any LabelCoding)? = FrameLabels(field: .differences) {
        .blosc2(bytes: $0, level: $1)
    }
}

extension ShardField {
    /// The steady state as differences.
    public static let differences = ShardField("y", form: .differences)
}
