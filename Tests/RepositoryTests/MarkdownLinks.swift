/// Links and headings of a Markdown document, outside code blocks.
enum MarkdownLinks {
    static func all(in text: String) -> [String] {
        prose(text).flatMap { line in
            line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)[^)]*\)/).map { String($0.1) }
        }
    }

    /// What GitHub calls the headings: lower case, blanks to hyphens, other signs dropped.
    static func anchors(in text: String) -> Set<String> {
        Set(
            prose(text).filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .replacing(" ", with: "-")
            })
    }

    private static func prose(_ text: String) -> [Substring] {
        var inCode = false
        return text.split(separator: "\n").filter { line in
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                inCode.toggle()
                return false
            }
            return !inCode
        }
    }
}
