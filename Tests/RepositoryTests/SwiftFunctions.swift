/// A function, initializer, deinitializer or subscript with a body, by its lines (counted from 1, both included).
struct SwiftFunction: Equatable {
    var name: String
    var lines: ClosedRange<Int>
}

extension SwiftMask {
    /// Every function that has a body, nested ones too. A plain matcher of brackets, not a parser: it looks for the
    /// keyword, then for the first `{` outside parentheses.
    func functions() -> [SwiftFunction] {
        let words = Words(code)
        var found: [SwiftFunction] = []
        for (index, word) in words.all.enumerated() where declares(word, words) {
            guard let open = bodyStart(after: word.range.upperBound), let close = matchingBrace(open) else { continue }
            let name = word.text == "func" && index + 1 < words.all.count ? words.all[index + 1].text : word.text
            found.append(SwiftFunction(name: name, lines: line(at: word.range.lowerBound)...line(at: close)))
        }
        return found
    }

    private func declares(_ word: Words.Word, _ words: Words) -> Bool {
        guard ["func", "init", "deinit", "subscript"].contains(word.text) else { return false }
        let before = word.range.lowerBound - 1
        return before < 0 || (code[before] != UInt8(ascii: ".") && code[before] != UInt8(ascii: "`"))
    }

    /// The `{` that opens the body; nil for a requirement of a protocol, which has none.
    private func bodyStart(after start: Int) -> Int? {
        var depth = 0
        var index = start
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            case UInt8(ascii: "\n") where depth == 0 && startsDeclaration(index + 1): return nil
            default: break
            }
            index += 1
        }
        return nil
    }

    private func startsDeclaration(_ start: Int) -> Bool {
        var index = start
        while index < code.count, code[index] == UInt8(ascii: " ") { index += 1 }
        let rest = code[index...].prefix { $0 != UInt8(ascii: "\n") }
        let first = String(decoding: rest.prefix { Words.isWordByte($0) }, as: UTF8.self)
        return [
            "func", "init", "deinit", "subscript", "var", "let", "case", "static", "mutating", "associatedtype",
            "public", "private", "internal", "typealias", "struct", "enum", "class", "extension", "protocol",
        ].contains(first)
    }

    private func matchingBrace(_ open: Int) -> Int? {
        var depth = 0
        for index in open..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private func line(at offset: Int) -> Int {
        1 + code[..<offset].count { $0 == UInt8(ascii: "\n") }
    }
}

/// The identifiers and keywords of masked code.
private struct Words {
    struct Word {
        var text: String
        var range: Range<Int>
    }

    private(set) var all: [Word] = []

    init(_ code: [UInt8]) {
        var index = 0
        while index < code.count {
            guard Self.isWordByte(code[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < code.count, Self.isWordByte(code[index]) { index += 1 }
            all.append(Word(text: String(decoding: code[start..<index], as: UTF8.self), range: start..<index))
        }
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...: true
        default: false
        }
    }
}
