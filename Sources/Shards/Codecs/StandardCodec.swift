/// x and y as compressed floats.
struct StandardCodec: ShardCodec {
    let name = "standard"
    let words = "x and y as compressed floats, which any HDF5 library reads"
    let labels: (any LabelCoding)? = FrameLabels(field: .y) {
        .blosc(bytes: $0, level: $1, isShuffled: true)
    }
    let isStandard = true
}
