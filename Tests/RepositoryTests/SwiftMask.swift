/// Swift source with the insides of comments and string literals blanked out, so that a search over what is left
/// finds code only. Every byte keeps its place; line breaks stay.
///
/// Interpolations are blanked with their string. Regular-expression literals are not understood.
struct SwiftMask: Sendable {
    private(set) var code: [UInt8]
    /// The masked text, one element a line.
    private(set) var lines: [String] = []

    init(_ source: some StringProtocol) {
        let bytes = Array(source.utf8)
        code = bytes
        var scanner = Scanner(bytes: bytes)
        while scanner.position < bytes.count {
            let start = scanner.position
            if scanner.skipComment() || scanner.skipString() {
                blank(start..<scanner.position)
            } else {
                scanner.position += 1
            }
        }
        lines = code.split(separator: newline, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private mutating func blank(_ range: Range<Int>) {
        for index in range where code[index] != newline {
            code[index] = UInt8(ascii: " ")
        }
    }
}

private let newline = UInt8(ascii: "\n")
private let quote = UInt8(ascii: "\"")
private let hash = UInt8(ascii: "#")
private let backslash = UInt8(ascii: "\\")

private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    func at(_ text: StaticString, _ index: Int) -> Bool {
        guard index >= 0, index + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Moves past a comment that starts here; block comments nest.
    mutating func skipComment() -> Bool {
        if at("//", position) {
            while position < bytes.count, bytes[position] != newline { position += 1 }
            return true
        }
        guard at("/*", position) else { return false }
        var depth = 0
        repeat {
            if at("/*", position) {
                depth += 1
                position += 2
            } else if at("*/", position) {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0 && position < bytes.count
        return true
    }

    /// Moves past a string literal that starts here: plain, `#` raw, and either of these over several lines.
    mutating func skipString() -> Bool {
        var start = position
        while start < bytes.count, bytes[start] == hash { start += 1 }
        guard start < bytes.count, bytes[start] == quote else { return false }
        let hashes = start - position
        let quotes = at("\"\"\"", start) ? 3 : 1
        position = start + quotes
        while position < bytes.count {
            if bytes[position] == backslash, repeats(hash, hashes, position + 1) {
                skipEscape(hashes: hashes)
            } else if repeats(quote, quotes, position), repeats(hash, hashes, position + quotes) {
                position += quotes + hashes
                return true
            } else if quotes == 1, bytes[position] == newline {
                return true  // not a literal after all, or one that does not compile
            } else {
                position += 1
            }
        }
        return true
    }

    private func repeats(_ byte: UInt8, _ count: Int, _ index: Int) -> Bool {
        index + count <= bytes.count && bytes[index..<index + count].allSatisfy { $0 == byte }
    }

    /// Moves past `\n`, or past `\(…)` with whatever comments, strings and parentheses it holds.
    private mutating func skipEscape(hashes: Int) {
        position += 1 + hashes
        guard position < bytes.count else { return }
        guard bytes[position] == UInt8(ascii: "(") else {
            position += 1
            return
        }
        var depth = 0
        repeat {
            if skipComment() || skipString() { continue }
            if bytes[position] == UInt8(ascii: "(") { depth += 1 }
            if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
            position += 1
        } while depth > 0 && position < bytes.count
    }
}
