/// What a store was seen to do, check by check.
public struct ProbeReport: Sendable, Encodable {
    public enum Outcome: String, Sendable, Encodable, CaseIterable {
        case passed
        case failed
        /// The store does without; Varve can too.
        case notSupported = "not_supported"
        /// An earlier failure left nothing to find out.
        case skipped
    }

    public struct Check: Sendable, Encodable {
        /// Stable: `put_if_absent`.
        public var name: String
        public var outcome: Outcome
        /// What was seen.
        public var detail: String
        /// What it means for a lake on this store.
        public var meaning: String
        /// Whether exactly-once depends on it.
        public var isRequired: Bool

        public init(name: String, outcome: Outcome, detail: String, meaning: String, isRequired: Bool) {
            (self.name, self.outcome, self.detail) = (name, outcome, detail)
            (self.meaning, self.isRequired) = (meaning, isRequired)
        }

        enum CodingKeys: String, CodingKey {
            case name, outcome, detail, meaning
            case isRequired = "required"
        }
    }

    /// Of the store; holds no secret.
    public var location: String
    public var checks: [Check]
    /// The store's clock minus this machine's, as far as one answer tells; nil where there was none.
    public var clockDifferenceMilliseconds: Int64?
    /// What kept the probe from finding out whether the store can hold a lake, such as refused credentials.
    public var failure: StoreError?

    public init(location: String, checks: [Check]) {
        (self.location, self.checks) = (location, checks)
    }

    public subscript(name: String) -> Check? {
        checks.first { $0.name == name }
    }

    /// True where every check passed that exactly-once depends on. False also where that could not be found out.
    public var supportsExactlyOnce: Bool {
        let required = checks.filter(\.isRequired)
        return !required.isEmpty && required.allSatisfy { $0.outcome == .passed }
    }

    /// One line for the log and the exit message.
    public var verdict: String {
        if supportsExactlyOnce { return "\(location) keeps the rules that exactly-once needs" }
        let broken = checks.filter { $0.isRequired && $0.outcome == .failed }.map(\.name)
        if broken.isEmpty, let failure { return "cannot tell what \(location) guarantees: \(failure)" }
        return "\(location) cannot hold a lake exactly once: \(broken.joined(separator: ", ")) failed;"
            + " use a store with conditional writes"
    }

    enum CodingKeys: String, CodingKey {
        case location, checks, verdict
        case clockDifferenceMilliseconds = "clock_difference_ms"
        case supportsExactlyOnce = "supports_exactly_once"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(location, forKey: .location)
        try container.encode(checks, forKey: .checks)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(clockDifferenceMilliseconds, forKey: .clockDifferenceMilliseconds)
        try container.encode(supportsExactlyOnce, forKey: .supportsExactlyOnce)
    }
}
