public import LakeModel

/// An access key; the secret parts never print.
public struct Credentials: Sendable, Hashable {
    public let accessKeyID: String
    public let secretAccessKey: String
    public let sessionToken: String?
    /// Nil for keys that last.
    public let expiresAt: Timestamp?

    public init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiresAt: Timestamp? = nil
    ) {
        (self.accessKeyID, self.secretAccessKey) = (accessKeyID, secretAccessKey)
        (self.sessionToken, self.expiresAt) = (sessionToken, expiresAt)
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key's first four characters: enough to see which kind it is (`AKIA`, `ASIA`).
    public var description: String { "access key \(accessKeyID.prefix(4))…" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": description]) }
}

/// Why there are no credentials.
public struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// This source is not set up here; a chain asks the next one.
        case notConfigured
        /// It is set up wrongly: a person must act.
        case invalid
        /// The source refused (403 from STS): a person must act.
        case denied
        /// It may answer later.
        case unavailable
    }

    public var kind: Kind
    /// One line, no secret.
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        (self.kind, self.message) = (kind, message)
    }

    public var description: String { message }
}

/// Where credentials come from.
public protocol CredentialsProvider: Sendable {
    /// Credentials that are valid now; asked before every request, so a slow source belongs behind
    /// `RefreshingCredentials`.
    func credentials() async throws(CredentialsError) -> Credentials

    /// Tells a provider that keeps credentials that a server called these expired or does not know them.
    func discard(_ credentials: Credentials) async
}

/// Credentials given once.
public struct StaticCredentials: CredentialsProvider {
    private let held: Credentials

    public init(_ credentials: Credentials) {
        held = credentials
    }

    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        held = Credentials(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
    }

    public func credentials() async throws(CredentialsError) -> Credentials { held }
    public func discard(_ credentials: Credentials) async {}
}
