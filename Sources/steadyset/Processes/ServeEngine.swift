internal import ArgumentParser
internal import Engine
internal import Pipeline

/// Computes for another process, which talks over standard input, a socket; see `Engine`.
struct ServeEngine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Compute for another program, such as Python.",
        shouldDisplay: false)

    @Option(help: "The descriptor of the memory that both share.")
    var memory: Int32

    func run() throws {
        var engine = Engine(socket: 0, memory: memory)
        engine.serve()
    }
}
