internal import Datasets
internal import Documents

/// The formats that there are.
package enum ExportFormats {
    /// All, in the order in which help lists them.
    package static let all: [any ExportFormat] = [
        KerchunkFormat(), VirtualDatasetFormat(), MDSFormat(), WellFormat(), PDEBenchFormat(),
        CroissantFormat(), TableFormat(), CardFormat(),
    ]

    /// The format called `name`; nil where there is none.
    package static func named(_ name: String) -> (any ExportFormat)? {
        all.first { $0.name == name }
    }

    /// The names of the formats that take `option`.
    package static func names(taking option: ExportOption) -> [String] {
        all.filter { $0.options.contains(option) }.map(\.name)
    }

    /// Refuses options that do not belong to `format`.
    static func check(_ options: ExportOptions, of format: any ExportFormat) throws {
        if options.output.isEmpty { throw DatasetError(.usage, "--output needs a name") }
        if format.isFolder {
            try OutputPlace.check(dataset: options.output)
        } else {
            try OutputPlace.check(file: options.output)
        }
        try format.check(options)
        let members = ExportOptions.members
        if let word = options.words.keys.sorted().first(where: { !members.contains($0) }) {
            throw DatasetError(
                .usage,
                "--describe does not know '\(word)': there are \(members.joined(separator: ", "))")
        }
        if let license = options.words["license"], !DatasetAbout.isLicense(license) {
            throw DatasetError(
                .usage,
                "--describe license='\(ForeignText.excerpt(license))' is no identifier of SPDX, "
                    + "such as "
                    + "\(DatasetAbout.defaultLicense)")
        }
        for option in ExportOption.allCases
        where options.given.contains(option) && !format.options.contains(option) {
            throw DatasetError(
                .usage,
                "\(option.rawValue) goes with "
                    + "\(names(taking: option).joined(separator: " and ")), not with "
                    + "\(format.name)")
        }
    }
}
