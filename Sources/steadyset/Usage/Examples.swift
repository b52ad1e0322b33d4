internal import ArgumentParser

extension CommandConfiguration {
    /// A subcommand whose help ends what it says with examples; a test parses each.
    init(commandName: String, abstract: String, discussion: String = "", examples: [String]) {
        let lines = ["Examples:"] + examples.map { "  \($0)" }
        self.init(
            commandName: commandName, abstract: abstract,
            discussion: (discussion.isEmpty ? "" : discussion + "\n\n")
                + lines.joined(separator: "\n"))
    }
}
