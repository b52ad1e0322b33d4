extension DropoutMask {
    /// Multiplies the first `channels` channels of `samples` images by the mask.
    func apply(to images: Images, channels: Int, samples: Int, workers: Workers) {
        let count = channels * images.rows * images.columns
        let sites = images.rows * images.columns
        workers.each(samples) { sample in
            for quarter in 0..<(count + 3) / 4 {
                let factors = factors(sample: sample, quarter: quarter)
                for lane in 0..<min(4, count - 4 * quarter) {
                    let element = 4 * quarter + lane
                    let (channel, site) = (element / sites, element % sites)
                    images.at(sample, site / images.columns, site % images.columns)[channel] *=
                        factors[lane]
                }
            }
        }
    }
}
