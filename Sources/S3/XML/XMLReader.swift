/// Pulls tokens from a small XML document: elements and text, nothing else.
///
/// For bytes from outside. There is no document type, no entity but the five of XML itself, no external anything; size,
/// depth and number of elements are bounded. Attributes are skipped and prefixes of names dropped: no answer of S3
/// needs them. Encodings other than UTF-8 are refused.
struct XMLReader {
    enum Token: Equatable {
        case start(String)
        case text(String)
        case end
    }

    struct Malformed: Error, Equatable {
        var reason: String
    }

    static let bytesMax = 32 << 20
    static let depthMax = 32
    static let elementsMax = 200_000

    private let bytes: [UInt8]
    private var index = 0
    private var open: [String] = []
    private var elements = 0
    private var emptyElementEnds = false

    init(_ bytes: [UInt8]) throws(Malformed) {
        guard bytes.count <= Self.bytesMax else { throw Malformed(reason: "the document is too large") }
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The next token; nil at the end of a whole document.
    mutating func next() throws(Malformed) -> Token? {
        if emptyElementEnds {
            emptyElementEnds = false
            return close()
        }
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<") else {
                let text = try takeText()
                if open.isEmpty {
                    guard text.allSatisfy(\.isWhitespace) else { throw Malformed(reason: "text outside the document") }
                    continue
                }
                return .text(text)
            }
            if skips("<?") {
                try skipDeclaration()
            } else if skips("<!--") {
                try skip(past: "-->")
            } else if skips("<![CDATA[") {
                guard !open.isEmpty else { throw Malformed(reason: "text outside the document") }
                let start = index
                try skip(past: "]]>")
                return .text(String(decoding: bytes[start..<(index - 3)], as: UTF8.self))
            } else if skips("<!") {
                throw Malformed(reason: "document types are not accepted")
            } else if skips("</") {
                return try takeEnd()
            } else {
                return try takeStart()
            }
        }
        guard open.isEmpty, elements > 0 else { throw Malformed(reason: "the document ends too early") }
        return nil
    }

    private mutating func close() -> Token {
        open.removeLast()
        return .end
    }

    private mutating func takeStart() throws(Malformed) -> Token {
        index += 1
        let name = try takeName()
        guard !open.isEmpty || elements == 0 else { throw Malformed(reason: "more than one root element") }
        elements += 1
        guard open.count < Self.depthMax, elements <= Self.elementsMax else {
            throw Malformed(reason: "the document is nested too deeply or has too many elements")
        }
        open.append(name)
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                emptyElementEnds = bytes[index - 2] == UInt8(ascii: "/")
                return .start(name)
            } else if byte == UInt8(ascii: "<") {
                break
            }
        }
        throw Malformed(reason: "a tag does not end")
    }

    private mutating func takeEnd() throws(Malformed) -> Token {
        let name = try takeName()
        skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: ">"), open.last == name else {
            throw Malformed(reason: "an end tag does not match")
        }
        index += 1
        return close()
    }

    /// A name without its prefix.
    private mutating func takeName() throws(Malformed) -> String {
        let start = index
        while index < bytes.count, Self.isNameByte(bytes[index]) { index += 1 }
        let name = bytes[start..<index]
        let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
        guard !local.isEmpty, name.count <= 256 else { throw Malformed(reason: "a tag has no name") }
        return String(decoding: local, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "&"):
            false
        default: true
        }
    }

    private mutating func takeText() throws(Malformed) -> String {
        var text: [UInt8] = []
        while index < bytes.count, bytes[index] != UInt8(ascii: "<") {
            if bytes[index] == UInt8(ascii: "&") {
                text += try takeReference()
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func takeReference() throws(Malformed) -> [UInt8] {
        let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
        guard let end else { throw Malformed(reason: "a reference does not end") }
        let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        index = end + 1
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default: break
        }
        let isHex = name.hasPrefix("#x")
        guard name.hasPrefix("#"), let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
            let scalar = Unicode.Scalar(code)
        else { throw Malformed(reason: "entities other than XML's own are not accepted") }
        return Array(String(scalar).utf8)
    }

    /// Past `<?xml … ?>`, where it does not name another encoding.
    private mutating func skipDeclaration() throws(Malformed) {
        let start = index
        try skip(past: "?>")
        let text = String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
        guard !text.contains("encoding") || text.contains("utf-8") || text.contains("us-ascii") else {
            throw Malformed(reason: "the document is not UTF-8")
        }
    }

    private mutating func skips(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - index >= count else { return false }
        for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
        index += count
        return true
    }

    private mutating func skip(past text: StaticString) throws(Malformed) {
        while index < bytes.count {
            if skips(text) { return }
            index += 1
        }
        throw Malformed(reason: "the document ends too early")
    }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
    }
}
