package import Documents
package import Fields
package import Sampling

/// Where configurations come from: a design that is drawn, or a file of the user's own.
package enum ConfigurationOrigin {
    case drawn(Design)
    case imported(ImportedConfigurations)

    package var physics: Physics {
        switch self {
        case .drawn(let design): design.physics
        case .imported(let file): file.physics
        }
    }

    /// Numbers of sources, ascending.
    package var strata: [Int] {
        switch self {
        case .drawn(let design): design.strata
        case .imported(let file): file.strata
        }
    }

    /// Samples per stratum.
    package var counts: [Int] {
        switch self {
        case .drawn(let design): design.counts
        case .imported(let file): file.counts
        }
    }

    /// The configuration at `address`.
    package func configuration(_ address: SampleAddress) throws -> Configuration {
        switch self {
        case .drawn(let design):
            try design.configuration(stratum: address.stratum, index: address.index)
        case .imported(let file): try file.configuration(address)
        }
    }

    /// What the sample stage's manifest records as its parameters.
    package var parameters: JSON { recorded.parameters }

    /// What that says of it.
    package var recorded: SampleManifest.Origin {
        switch self {
        case .drawn(let design): .drawn(design)
        case .imported(let file): .imported(file.physics)
        }
    }
}
