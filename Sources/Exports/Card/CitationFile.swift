internal import Datasets
internal import Documents

/// `CITATION.cff` of a dataset (Citation File Format 1.2.0): the dataset, the paper whose data it
/// follows, and the program.
struct CitationFile {
    let facts: CardFacts

    /// The paper, as the card's BibTeX has it.
    static let paper = (
        title: "Analyzing the Performance of Deep Encoder-Decoder Networks as Surrogates for a "
            + "Diffusion Equation", year: 2023, arXiv: "2302.03786",
        authors: [
            (given: "J. Quetzalcóatl", family: "Toledo-Marín"),
            (given: "James A.", family: "Glazier"), (given: "Geoffrey", family: "Fox"),
        ]
    )

    var text: String {
        func quoted(_ text: String) -> String { JSON.string(text).canonicalText }
        let creators = facts.about.creators
        var lines = [
            "cff-version: 1.2.0",
            "message: \(quoted("If you use this dataset, cite it with its id, and the paper."))",
            "type: dataset", "title: \(quoted(facts.title))",
            "abstract: \(quoted(facts.summary))", "authors:",
        ]
        lines += (creators.isEmpty ? ["The makers of this dataset"] : creators).map {
            "  - name: \(quoted($0))"
        }
        if SPDX.names.contains(facts.license) { lines.append("license: \(facts.license)") }
        if let url = facts.about.url { lines.append("url: \(quoted(url))") }
        lines += [
            "identifiers:", "  - type: other", "    value: \(quoted(facts.id))",
            "    description: \(quoted("Id of the manifest"))", "references:",
            "  - type: article", "    title: \(quoted(CitationFile.paper.title))",
            "    year: \(CitationFile.paper.year)", "    authors:",
        ]
        for author in CitationFile.paper.authors {
            lines += [
                "      - family-names: \(quoted(author.family))",
                "        given-names: \(quoted(author.given))",
            ]
        }
        lines += [
            "    url: \(quoted("https://arxiv.org/abs/\(CitationFile.paper.arXiv)"))",
            "  - type: software", "    title: Steadyset",
            "    version: \(quoted(facts.release ?? Release.version))", "    authors:",
            "      - name: \(quoted("The Steadyset contributors"))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Licences of data that forms of other programs know by name.
enum SPDX {
    /// With the text's address, and what Hugging Face calls it.
    static let known: [String: (url: String, hub: String)] = [
        "CC-BY-4.0": ("https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
        "CC-BY-SA-4.0": ("https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-sa-4.0"),
        "CC-BY-NC-4.0": ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc-4.0"),
        "CC0-1.0": ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        "ODbL-1.0": ("https://opendatacommons.org/licenses/odbl/1-0/", "odbl"),
        "ODC-By-1.0": ("https://opendatacommons.org/licenses/by/1-0/", "odc-by"),
        "PDDL-1.0": ("https://opendatacommons.org/licenses/pddl/1-0/", "pddl"),
        "Apache-2.0": ("https://www.apache.org/licenses/LICENSE-2.0", "apache-2.0"),
        "MIT": ("https://opensource.org/license/mit", "mit"),
    ]

    static var names: Set<String> { Set(known.keys) }

    /// Where a licence's text is.
    static func url(of license: String) -> String {
        known[license]?.url ?? "https://spdx.org/licenses/\(license).html"
    }
}
