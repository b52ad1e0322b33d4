internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Split: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Divide a dataset into parts, nested subsets and windows.")

    @OptionGroup var options: PipelineOptions

    func run() throws { try options.commands().perform(.split) }
}
