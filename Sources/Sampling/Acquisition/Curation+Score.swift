extension Curation {
    /// What a model's weakness at a candidate is measured by.
    ///
    /// A score is a line in `allCases`, its name in the schema of `rounds`, and, where its origin
    /// is a new one, what computes it.
    public struct Score: RawRepresentable, CaseIterable, Hashable, Sendable {
        /// What a score is computed from.
        package enum Origin: Hashable, Sendable {
            /// A label, which is solved and thrown away; all others need none.
            case label
            /// The residual of the prediction in the equation of a configuration.
            case residual
            /// Passes of dropout.
            case passes
            /// The model half-way through its training.
            case halfway
        }

        /// Its name in pipelines and manifests.
        public let rawValue: String
        package let origin: Origin
        /// What `by` may choose from; nil for every column of errors, empty where there is nothing
        /// to choose.
        package let measures: [String]?

        /// All scores.
        public static let allCases = [
            // The error itself.
            Score("error", .label, measures: nil),
            // An estimate of the error.
            Score("estimate", .residual, measures: ["mae", "max"]),
            // The certified bound of the error.
            Score("bound", .residual),
            // The variance of passes of dropout.
            Score("variance", .passes),
            // The distance of the field from the one that the model gave half-way (temporal output
            // discrepancy; Huang, Wang, Xiong, Huan and Dou 2021, arXiv:2107.14153; of surrogates
            // of simulations Bajracharya, Toledo-Marín, Fox, Jha and Wang 2024, arXiv:2407.07674).
            Score("tod", .halfway),
        ]

        /// The score where none is named.
        package static let standard = allCases[0]

        private init(_ name: String, _ origin: Origin, measures: [String]? = []) {
            (rawValue, self.origin, self.measures) = (name, origin, measures)
        }

        /// The score with this name, or nil.
        public init?(rawValue: String) {
            guard let score = Score.allCases.first(where: { $0.rawValue == rawValue }) else {
                return nil
            }
            self = score
        }

        /// Whether it is an error against a label.
        package var needsLabels: Bool { origin == .label }

        /// Whether samples that have labels are scored as well as configurations.
        package var isForSamples: Bool { origin != .residual }

        /// Whether it goes by what `by` names.
        package var hasMeasure: Bool { measures != [] }

        /// The column of errors that holds it, where `by` names `measure`.
        package func column(by measure: String) -> String {
            needsLabels ? measure : hasMeasure ? "\(rawValue)_\(measure)" : rawValue
        }

        /// The names of those that samples with labels may have, in quotes.
        static let forSamples: String = {
            let names = allCases.filter(\.isForSamples).map { "'\($0.rawValue)'" }
            return names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")"
        }()
    }
}
