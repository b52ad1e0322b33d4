/// Neither x nor y.
struct RecipeCodec: ShardCodec {
    let name = "recipe"
    let words = "configurations and digests alone, from which 'unpack' solves x and y again"
    let labels: (any LabelCoding)? = nil
}
