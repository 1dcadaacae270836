/// The sections of AWS's shared `credentials` and `config` files.
///
/// `key = value` lines under `[name]` or `[profile name]`; `#` and `;` start comments; indented lines below a key
/// without a value (nested settings such as `s3 =`) are skipped. In `config`, only `default` may lack the word
/// `profile`.
struct ProfileFile: Sendable {
    typealias Section = [String: String]

    private(set) var profiles: [String: Section] = [:]

    /// Values of `credentials` win over those of `config`, as in AWS's tools.
    init(credentials: String, config: String) {
        Self.read(config, isConfig: true) { profiles[$0, default: [:]][$1] = $2 }
        Self.read(credentials, isConfig: false) { profiles[$0, default: [:]][$1] = $2 }
    }

    private static func read(_ text: String, isConfig: Bool, _ found: (String, String, String) -> Void) {
        var profile: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line[...].trimmed
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                let name = content[content.index(after: content.startIndex)..<end].trimmed
                profile = profileName(name, isConfig: isConfig)
                continue
            }
            guard let profile, line.first?.isWhitespace == false, let equals = content.firstIndex(of: "=") else {
                continue
            }
            let value = content[content.index(after: equals)...]
            let withoutComment = value.range(of: " #").map { value[..<$0.lowerBound] } ?? value
            found(profile, content[..<equals].trimmed.lowercased(), withoutComment.trimmed)
        }
    }

    private static func profileName(_ section: String, isConfig: Bool) -> String? {
        guard isConfig, section != "default" else { return section }
        let words = section.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "profile" else { return nil }
        return words[1].trimmed
    }
}

extension Substring {
    /// The first place where `text` stands.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
