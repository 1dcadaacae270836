/// Which librdkafka properties are secrets, and how they are kept out of everything that is shown.
public enum KafkaSecrets {
    public static let mask = "********"

    /// Passwords, keys, tokens and whatever is named like one; the list errs on the side of hiding.
    public static func isSecret(_ property: String) -> Bool {
        let name = property.lowercased()
        let parts = ["password", "secret", "token", "pem", "jaas", "sasl.oauthbearer.config", "credential"]
        return parts.contains { name.contains($0) }
    }

    /// The properties as they may be shown.
    public static func maskedProperties(_ properties: [String: String]) -> [String: String] {
        properties.reduce(into: [:]) { shown, property in
            shown[property.key] = isSecret(property.key) ? mask : property.value
        }
    }
}

/// Takes secret values out of texts that we did not write: librdkafka's log lines and error messages.
struct Redactor: Sendable {
    static let none = Redactor(properties: [])

    /// Longest first, so that a secret which contains another is hidden whole.
    private let secrets: [String]

    init(properties: [(name: String, value: String)]) {
        // One or two characters would match everywhere, and hide nothing that is worth it.
        secrets = properties.filter { KafkaSecrets.isSecret($0.name) && $0.value.utf8.count > 2 }
            .map(\.value).sorted { $0.utf8.count > $1.utf8.count }
    }

    func clean(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: KafkaSecrets.mask) }
    }
}
