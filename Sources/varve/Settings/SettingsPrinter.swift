/// Writes a tree as YAML that reads back as the same settings, secrets masked.
struct SettingsPrinter {
    var showsOrigins: Bool

    func lines(_ tree: SettingTree) -> [String] {
        lines(tree, indent: "")
    }

    private func lines(_ tree: SettingTree, indent: String) -> [String] {
        switch tree {
        case .record(let entries, _):
            return entries.flatMap { entry -> [String] in
                let name = indent + quoted(entry.name) + ":"
                if let inline = inline(entry.value) { return [name + " " + inline] }
                return [name] + lines(entry.value, indent: indent + "  ")
            }
        case .list(let elements, _):
            return elements.flatMap { element -> [String] in
                if let inline = inline(element) { return [indent + "- " + inline] }
                var inner = lines(element, indent: indent + "  ")
                inner[0] = indent + "- " + inner[0].dropFirst(indent.count + 2)
                return inner
            }
        case .scalar, .empty:
            return [indent + (inline(tree) ?? "")]
        }
    }

    /// The value where it fits behind its key.
    private func inline(_ tree: SettingTree) -> String? {
        switch tree {
        case .scalar(let scalar):
            let text = quoted(scalar.isSecret ? SecretMask.replacement : scalar.text)
            return showsOrigins ? text + "  # " + origin(scalar.origin) : text
        case .empty: return "null"
        case .list(let elements, _): return elements.isEmpty ? "[]" : nil
        case .record(let entries, _): return entries.isEmpty ? "{}" : nil
        }
    }

    private func origin(_ origin: SettingOrigin) -> String {
        switch origin {
        case .file(let line): "line \(line)"
        case .environment(let name): "environment \(name)"
        case .option(let name): "option \(name)"
        case .fallback: "default"
        }
    }

    /// Plain where YAML would read the same text back, else in double quotes (JSON strings are YAML).
    private func quoted(_ text: String) -> String {
        let plainBytes = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "._-/:+".utf8.contains($0)
        }
        let words = ["null", "true", "false", "yes", "no", "on", "~", ""]
        let startsPlain = text.first.map { $0.isLetter || $0.isNumber || $0 == "/" } ?? false
        let isPlain = plainBytes && startsPlain && !text.hasSuffix(":") && !words.contains(text.lowercased())
        return isPlain || text == "true" || text == "false" ? text : jsonString(text)
    }
}
