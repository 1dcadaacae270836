/// Takes secrets out of text before anyone sees it.
struct SecretMask: Sendable {
    static let replacement = "***"
    /// A shorter one would mask half of all text; it is refused nowhere, only not searched for.
    private static let lengthMin = 4
    private let secrets: [String]

    init(_ secrets: [String] = []) {
        self.secrets = secrets.filter { $0.utf8.count >= Self.lengthMin }.sorted { $0.utf8.count > $1.utf8.count }
    }

    func masked(_ text: String) -> String {
        secrets.reduce(text) { $0.contains($1) ? $0.replacing($1, with: Self.replacement) : $0 }
    }
}
