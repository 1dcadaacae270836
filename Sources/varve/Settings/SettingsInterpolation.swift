/// Fills `${NAME}` and `${file:/path}` in. What came from outside is a secret from then on and is never shown.
struct SettingsInterpolation {
    var environment: [String: String]
    /// The text of a file, or nil where it cannot be read.
    var readFile: (String) -> String?

    /// Throws the sentence that says what is missing and what to do.
    struct Missing: Error {
        var what: String
        var remedy: String
    }

    /// `$${` stands for `${` itself.
    func fill(_ scalar: SettingScalar) throws(Missing) -> SettingScalar {
        guard scalar.text.contains("${") else { return scalar }
        var result = ""
        var rest = scalar.text[...]
        var isSecret = scalar.isSecret
        while let dollar = rest.firstRange(of: "${") {
            if dollar.lowerBound > rest.startIndex, rest[rest.index(before: dollar.lowerBound)] == "$" {
                result += rest[..<rest.index(before: dollar.lowerBound)] + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            guard let end = rest[dollar.upperBound...].firstIndex(of: "}") else {
                throw Missing(what: "'${' without '}'", remedy: "close it, or write $${ for a plain ${")
            }
            result += rest[..<dollar.lowerBound]
            result += try value(of: String(rest[dollar.upperBound..<end]))
            isSecret = true
            rest = rest[rest.index(after: end)...]
        }
        var filled = scalar
        filled.text = result + rest
        filled.canonical = filled.text
        filled.isSecret = isSecret
        filled.isFilledIn = isSecret && !scalar.isSecret
        return filled
    }

    private func value(of reference: String) throws(Missing) -> String {
        if reference.hasPrefix("file:") {
            let path = String(reference.dropFirst(5))
            guard var text = readFile(path) else {
                throw Missing(what: "the file \(path) cannot be read", remedy: "create it, or check its permissions")
            }
            // Files end with a line break that is not part of the secret.
            if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
            return text
        }
        guard let value = environment[reference] else {
            throw Missing(what: "the environment variable \(reference) is not set", remedy: "set it")
        }
        return value
    }
}
