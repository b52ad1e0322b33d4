internal import ArgumentParser
internal import Pipeline

/// Reads a file of predictions for another process of this program, which would not survive what
/// the HDF5 library may do.
struct ReadPredictions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: FileServer.name, abstract: "Serve a file of predictions to another steadyset.",
        shouldDisplay: false)

    @Argument(parsing: .allUnrecognized) var path: [String]

    func run() { if let path = path.last { FileServer.serve(path) } }
}
