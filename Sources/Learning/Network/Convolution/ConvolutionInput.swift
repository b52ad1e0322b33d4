/// What a convolution reads, and where the gradient by it goes.
struct ConvolutionInput {
    /// The activations.
    var images: ImagesPlan
    /// Whether each site becomes 2×2 first.
    var isUpsampled = false
    /// Where the gradient by the activations goes; nil where no one needs it.
    var gradient: ImagesPlan?
    /// `.sums`, or `.gradient` where `gradient` is the activations' own place and the gradient by
    /// the pre-activations is wanted.
    var gradientFinish = Correlation.Finish.sums

    /// Its channels.
    var channels: Int { images.channels ?? 1 }
}
