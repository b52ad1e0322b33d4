package import Documents
internal import Fields
internal import Foundation
internal import Parallel

/// The machine that something was measured on.
package struct Machine {
    /// Cores that this process may use.
    package let cores: Int
    /// The processor's name, or the architecture where the system does not tell.
    package let processor: String
    /// Name and version of the operating system.
    package let system: String
    /// Threads that were running or waiting to, averaged over the last minute: other work, before a
    /// measurement begins.
    package let load: Double

    /// The machine as it is now.
    package static func current() -> Machine {
        var load = [0.0]
        // The corresponding C function is `getloadavg`.
        _ = unsafe getloadavg(&load, 1)
        return Machine(
            cores: Cores.usable, processor: processor(),
            system: ProcessInfo.processInfo.operatingSystemVersionString, load: load[0])
    }

    private static func processor() -> String {
        if let name = SystemFiles().value("model name", in: "/proc/cpuinfo") { return name }
        #if arch(x86_64)
            return "x86_64"
        #elseif arch(arm64)
            return "arm64"
        #else
            return "unknown"
        #endif
    }

    /// The members that `schemas/bench` describes.
    package var json: JSON {
        .object([
            "cores": .integer(cores), "processor": .string(processor), "system": .string(system),
            "load": .number(load),
        ])
    }
}
