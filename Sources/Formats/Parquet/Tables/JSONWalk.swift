internal import Foundation

/// Walks over a JSON text that was judged valid; for schemas, not for events.
struct JSONWalk {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        skipSpace()
    }

    /// The byte that comes next, 0 at the end.
    var peek: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipSpace() {
        while [0x20, 0x09, 0x0A, 0x0D].contains(peek) { position += 1 }
    }

    private mutating func step() {
        position += 1
        skipSpace()
    }

    /// The inside of a string, escapes and all.
    mutating func string() -> UnsafeRawBufferPointer {
        position += 1
        let start = position
        while position < bytes.count, peek != UInt8(ascii: "\"") { position += peek == UInt8(ascii: "\\") ? 2 : 1 }
        let end = min(position, bytes.count)
        step()
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// What the inside of a string says.
    static func text(_ inside: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: inside, as: UTF8.self)
        guard inside.contains(UInt8(ascii: "\\")) else { return text }
        return (try? JSONDecoder().decode([String].self, from: Data("[\"\(text)\"]".utf8)))?.first ?? text
    }

    /// A number or literal.
    mutating func scalar() -> UnsafeRawBufferPointer {
        let start = position
        while position < bytes.count, ![0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(peek) { position += 1 }
        defer { skipSpace() }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// Any value, as it is written.
    mutating func value() -> UnsafeRawBufferPointer {
        let start = position
        switch peek {
        case UInt8(ascii: "{"): forEachMember { walk, _ in _ = walk.value() }
        case UInt8(ascii: "["): forEachElement { _ = $0.value() }
        case UInt8(ascii: "\""): _ = string()
        default: _ = scalar()
        }
        var end = position
        while end > start, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// `body` reads each value.
    mutating func forEachMember(_ body: (inout JSONWalk, String) -> Void) {
        step()
        while peek == UInt8(ascii: "\"") {
            let name = string()
            step()
            body(&self, Self.text(name))
            if peek == UInt8(ascii: ",") { step() }
        }
        step()
    }

    mutating func forEachElement(_ body: (inout JSONWalk) -> Void) {
        step()
        while peek != UInt8(ascii: "]"), peek != 0 {
            body(&self)
            if peek == UInt8(ascii: ",") { step() }
        }
        step()
    }
}
