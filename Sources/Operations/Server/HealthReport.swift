/// What a health question is answered with: 200 where all is well, else 503, and the details as JSON.
public struct HealthReport: Sendable, Encodable {
    public struct Check: Sendable, Encodable {
        public var name: String
        public var isOK: Bool
        /// One line for people; holds no secret.
        public var detail: String

        public init(_ name: String, isOK: Bool, detail: String) {
            (self.name, self.isOK, self.detail) = (name, isOK, detail)
        }

        enum CodingKeys: String, CodingKey {
            case name
            case isOK = "ok"
            case detail
        }
    }

    public var checks: [Check]

    public init(_ checks: [Check] = []) {
        self.checks = checks
    }

    public var isOK: Bool { checks.allSatisfy(\.isOK) }

    enum CodingKeys: String, CodingKey {
        case isOK = "ok"
        case checks
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isOK, forKey: .isOK)
        try container.encode(checks, forKey: .checks)
    }
}
