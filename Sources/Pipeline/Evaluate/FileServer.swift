internal import Datasets
internal import Foundation
internal import Shards

/// The program as the reader of one file for another process of itself.
public enum FileServer {
    /// The subcommand that makes it one; it is not for people.
    public static let name = "read-predictions"

    /// Lets files of predictions be read by further processes of this program, where the system
    /// says where it is.
    public static func use() {
        // The link is of the process itself, so it holds even where the program's file has moved.
        let link = "/proc/self/exe"
        let executable = InputFile.isFolder(link) == false ? link : Bundle.main.executablePath
        if let executable { IsolatedPredictions.setCommand([executable, name]) }
    }

    /// Serves the file of predictions at `path` until the other process has enough.
    public static func serve(_ path: String) { IsolatedPredictions.serve(path: path) }
}
