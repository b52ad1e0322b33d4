internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// `README.md` of a dataset: a card for people, with the front matter that Hugging Face reads.
struct CardText {
    let facts: CardFacts
    /// What the files beside the card are; nil where they are the shards.
    var format: String?
    /// Python that opens them, which runs in the card's folder.
    let example: String

    var text: String {
        ([frontMatter, "# \(facts.title)\n\n\(facts.summary)"]
            + [
                content, physics, split, statistics, loading, bounds, making, lineage, license,
                citation, "\(CardText.mark) \(Release.version) -->",
            ].compactMap(\.self)).joined(separator: "\n\n") + "\n"
    }

    /// By this the program knows a card as its own, of whatever release.
    static let mark = "<!-- Written by Steadyset"

    // MARK: Front matter

    private var frontMatter: String {
        let name = facts.license
        var lines = ["---"]
        if let known = SPDX.known[name] {
            lines.append("license: \(known.hub)")
        } else {
            lines += [
                "license: other", "license_name: \(JSON.string(name.lowercased()).canonicalText)",
                "license_link: \(JSON.string(SPDX.url(of: name)).canonicalText)",
            ]
        }
        lines += [
            "pretty_name: \(JSON.string(facts.title).canonicalText)",
            "tags: [physics, partial-differential-equations, diffusion, surrogate, steadyset]",
            "size_categories: [\(CardText.sizeCategory(facts.samples))]",
        ]
        if format == nil, facts.isReadByDatasets {
            lines += ["configs:"] + configuration("default", facts.manifest, isDefault: true)
            for (name, version) in facts.tagged where name != "default" {
                lines += configuration(name, version, isDefault: false)
            }
        }
        return (lines + ["---"]).joined(separator: "\n")
    }

    private static func sizeCategory(_ samples: Int) -> String {
        switch samples {
        case ..<1000: "n<1K"
        case ..<10_000: "1K<n<10K"
        case ..<100_000: "10K<n<100K"
        case ..<1_000_000: "100K<n<1M"
        default: "1M<n<10M"
        }
    }

    /// The files of each split, by pattern where that says the same.
    private func configuration(_ name: String, _ manifest: PackManifest, isDefault: Bool)
        -> [String]
    {
        var lines = ["- config_name: \(JSON.string(name).canonicalText)"]
        if isDefault { lines.append("  default: true") }
        lines.append("  data_files:")
        for part in Split.Part.allCases {
            let own = manifest.shards.filter { $0.part == part }.map(\.file.path)
            guard !own.isEmpty else { continue }
            let added = own.filter { $0.hasPrefix(ShardName.added) }
            let patterns = (added.count < own.count ? ["\(part.rawValue)-*.h5"] : []) + added
            let folder = Stage.pack.rawValue
            lines.append("  - split: \(part.rawValue)")
            lines.append("    path:")
            lines += patterns.map { "    - \(JSON.string("\(folder)/\($0)").canonicalText)" }
        }
        return lines
    }

    // MARK: Sections

    private var content: String {
        let (rows, columns) = (facts.lattice.rows, facts.lattice.columns)
        let side = "\(rows) × \(columns)"
        var lines = [
            "## What it holds", "",
            "| field | shape of a sample | what it is |", "|---|---|---|",
            "| `x` | \(side) | the sources' values, 0 elsewhere; float32 |",
            "| `y` | \(side) | the label, the steady state; float32 |",
        ]
        for dataset in ShardCoefficient.drawn(under: facts.manifest.physics) {
            let planes = dataset.planes == 1 ? side : "\(dataset.planes) × \(side)"
            lines.append(
                "| `\(dataset.coefficient.rawValue)` | \(planes) | each sample's own; float32 |")
        }
        for dataset in ShardCoefficient.fixed(under: facts.manifest.physics) {
            lines.append(
                "| `\(dataset.coefficient.rawValue)` | | the same field for all samples; float32 |")
        }
        if let format { lines += ["", "The files are \(format)."] }
        if let selection = facts.selection {
            lines += ["", "These are the \(facts.samples) samples of `\(cell(selection))`."]
        }
        return lines.joined(separator: "\n")
    }

    private var physics: String {
        let physics = facts.manifest.physics
        let members = physics.json.object ?? [:]
        let rows = members.sorted { $0.key < $1.key }.map {
            "| `\($0.key)` | `\($0.value.canonicalText)` |"
        }
        let sources =
            physics.sources == .pinned
            ? "u equals the source's value on its sites; the label is u."
            : "s is the source's value times a constant; the label is u over its maximum."
        return """
            ## Physics

            The fields solve −∇·(D ∇u) + γ u = s on a lattice with unit spacing, by 5-point finite \
            volumes. \(sources)

            | | |
            |---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private var split: String {
        let manifest = facts.manifest
        let named = manifest.selections.filter { $0.stratum == nil }
        var lines = ["## Splits and subsets", "", "| part | samples |", "|---|---|"]
        lines += manifest.parts.map { "| \($0.part.rawValue) | \($0.samples) |" }
        lines += ["", "| sources | samples |", "|---|---|"]
        lines += manifest.strata.map { "| \($0.sources) | \($0.samples) |" }
        if !named.isEmpty {
            lines += [
                "",
                "Subsets `S…%` of a part contain one another and hold equally many samples of each "
                    + "number of sources; windows begin at another rank.", "",
                "| selection | samples |", "|---|---|",
            ]
            lines += named.prefix(CardText.maximumRows).map { "| `\($0.name)` | \($0.samples) |" }
            if named.count > CardText.maximumRows {
                lines += ["", "\(named.count - CardText.maximumRows) more are in `manifest.json`."]
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Rows of a table that grows with the dataset.
    private static let maximumRows = 40

    private var statistics: String? {
        guard let statistics = facts.manifest.statistics else { return nil }
        var lines = [
            "## Statistics", "",
            "Of all \(statistics.samples) samples of the part `\(statistics.part.rawValue)`, over "
                + "all sites. Quantiles are less than 1/32 off.", "",
            "| | mean | standard deviation | minimum | maximum | 1% | 50% | 99% |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for field in statistics.fields {
            let totals = field.totals
            let numbers =
                [
                    totals.mean, totals.standardDeviation, Double(totals.minimum),
                    Double(totals.maximum),
                ] + [0.01, 0.5, 0.99].map(totals.quantile)
            lines.append(
                "| `\(field.name)` | "
                    + numbers.map(CardText.digits).joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    /// A number with five significant digits.
    private static func digits(_ number: Double) -> String {
        String(format: "%.5g", number)
    }

    private var loading: String {
        let manifest = facts.manifest
        var text = "## How to load it\n\n```python\n\(example)\n```"
        if format == nil {
            text +=
                "\n\nThe shards in `pack` are HDF5, with the codec `\(manifest.codec.name)`: "
                + "\(manifest.bytes) "
                + "bytes in \(manifest.shards.count) files."
            if facts.isReadByDatasets {
                text += """
                     `datasets` of Hugging Face reads them, too:

                    ```python
                    import os

                    import datasets                      # pip install datasets h5py hdf5plugin
                    import hdf5plugin

                    place = os.path.abspath(".")         # the folder of this card, or its name on the hub
                    data = datasets.load_dataset(place, split="train", streaming=True)
                    print(next(iter(data.with_format("numpy")))["y"].shape)
                    ```
                    """
            }
        }
        return text
    }

    private var bounds: String {
        let accuracy = facts.manifest.accuracy.members
        let tolerance = accuracy["tolerance"]?.double ?? .infinity
        let grid = accuracy["grid_bits"]?.int.map { "multiples of 2^-\($0)" } ?? "plain float32"
        return """
            ## Certified error bounds

            Every label has a certified upper bound of its largest difference from the exact \
            solution of the discrete equations (`error_bound`). All are at most \
            \(facts.manifest.largestErrorBound); the tolerance was \(tolerance). Labels are \(grid).
            """
    }

    private var making: String {
        let release = facts.release.map { " \($0)" } ?? ""
        var text = """
            ## How it was made

            By Steadyset\(release). The id of the manifest is `\(facts.id)`: it follows from all \
            that the dataset was made from, and the same recipe gives the same id on any machine.
            """
        if facts.pipeline != nil {
            text +=
                " `pipeline.json` beside this card is the recipe:\n\n```sh\nsteadyset run "
                + "pipeline.json --output dataset\n```"
        } else {
            text += " The recipe is not among the files that this card was written from."
        }
        return text
    }

    /// A manifest's own words, for a cell of a table.
    private func cell(_ text: String) -> String {
        String(ForeignText.excerpt(text).map { "`|".contains($0) ? " " : $0 })
    }

    private var lineage: String? {
        let rounds = facts.lineage.compactMap { version in
            version.descent.map { (version.id, $0.round) }
        }
        guard let base = facts.lineage.first, !rounds.isEmpty else { return nil }
        var lines = [
            "## Lineage", "", "The base is `\(base.id)`. Rounds of curation made of it:", "",
            "| round | id | acquisition | from | training set | added | dropped | taken |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for (id, round) in rounds {
            lines.append(
                "| \(round.number) | `\(id.short)` | `\(round.acquisition)` | "
                    + "`\(cell(round.from))` | "
                    + "`\(round.selection)` | \(round.added.samples) | \(round.dropped.samples) | "
                    + "\(round.taken.samples) |")
        }
        return lines.joined(separator: "\n")
    }

    private var license: String {
        let stated =
            facts.about.license == nil
            ? " No other licence was named where it was made." : ""
        return "## Licence\n\n[\(facts.license)](\(SPDX.url(of: facts.license))).\(stated)"
    }

    private var citation: String {
        let paper = CitationFile.paper
        let authors = paper.authors.map { "\($0.family), \($0.given)" }.joined(separator: " and ")
        return """
            ## Citation

            State the id above, and cite the paper that defined this kind of dataset:

            ```bibtex
            @misc{toledomarin2023analyzing,
              author        = {\(authors)},
              title         = {\(paper.title)},
              year          = {\(paper.year)},
              eprint        = {\(paper.arXiv)},
              archivePrefix = {arXiv}
            }
            ```

            `CITATION.cff` has both, and the program.
            """
    }
}
