/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, where set, `AWS_SESSION_TOKEN`.
public struct EnvironmentCredentials: CredentialsProvider {
    private let environment: [String: String]

    public init(_ environment: [String: String]) {
        self.environment = environment
    }

    public func credentials() async throws(CredentialsError) -> Credentials {
        let key = environment.setValue("AWS_ACCESS_KEY_ID")
        let secret = environment.setValue("AWS_SECRET_ACCESS_KEY")
        switch (key, secret) {
        case (nil, nil):
            throw CredentialsError(.notConfigured, "AWS_ACCESS_KEY_ID is not set")
        case (let key?, let secret?):
            return Credentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: environment.setValue("AWS_SESSION_TOKEN"))
        case (nil, _):
            throw CredentialsError(.invalid, "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID")
        case (_, nil):
            throw CredentialsError(.invalid, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
        }
    }

    public func discard(_ credentials: Credentials) async {}
}

extension [String: String] {
    /// A variable that is set to nothing counts as not set.
    func setValue(_ name: String) -> String? {
        guard let value = self[name]?[...].trimmed, !value.isEmpty else { return nil }
        return value
    }
}
