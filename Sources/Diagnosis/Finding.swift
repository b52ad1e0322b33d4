package import Documents

/// One thing that was looked at: whether it is fine, and what to do where it is not.
public struct Finding: Hashable, Sendable {
    /// How it is.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// As it should be.
        case fine
        /// Everything works, but something is slower, smaller or missing.
        case note
        /// Something will fail, or go wrong without a word.
        case wrong
    }

    /// What was looked at.
    public enum Subject: String, Hashable, Sendable, CaseIterable {
        case processor, cores, memory, limits
        case sharedMemory = "shared-memory"
        case libraries, variables, python, companions
        case folder, space, writing, links, names, locks, clock
    }

    /// What was looked at.
    public let subject: Subject
    /// How it is.
    public let state: State
    /// What was found, for a person.
    public let found: String
    /// What to do; nil where it is fine.
    public let advice: String?

    static func fine(_ subject: Subject, _ found: String) -> Finding {
        Finding(subject: subject, state: .fine, found: found, advice: nil)
    }

    static func note(_ subject: Subject, _ found: String, _ advice: String) -> Finding {
        Finding(subject: subject, state: .note, found: found, advice: advice)
    }

    static func wrong(_ subject: Subject, _ found: String, _ advice: String) -> Finding {
        Finding(subject: subject, state: .wrong, found: found, advice: advice)
    }

    /// The finding for machines.
    package var json: JSON {
        .object([
            "subject": .string(subject.rawValue), "state": .string(state.rawValue),
            "found": .string(found), "advice": advice.map(JSON.string) ?? .null,
        ])
    }
}
