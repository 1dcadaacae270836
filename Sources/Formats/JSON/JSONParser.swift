import CSimdjson
import Compression

/// Judges JSON texts strictly (RFC 8259) and looks values up in the last one. Owned by one thread.
///
/// Nesting beyond `depthMax` is refused. Numbers may have any size: those beyond 64 bits are judged by grammar alone.
public final class JSONParser {
    public enum Outcome: Sendable {
        case valid
        case invalid
        case tooDeep
    }

    public static let depthMax = 128

    private let handle: OpaquePointer?

    public init() {
        handle = varve_json_create(Self.depthMax)
    }

    deinit {
        varve_json_destroy(handle)
    }

    /// Parses bytes that are followed by `FrameBuffer.slackBytes` readable bytes.
    public func parse(padded bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let handle, let start = bytes.baseAddress, bytes.count > 0 else { return .invalid }
        switch UInt32(bitPattern: varve_json_parse(handle, start.assumingMemoryBound(to: UInt8.self), bytes.count)) {
        case VARVE_JSON_VALID.rawValue: return .valid
        case VARVE_JSON_TOO_DEEP.rawValue: return .tooDeep
        case VARVE_JSON_NUMBER.rawValue: return JSONGrammar.judge(bytes, depthMax: Self.depthMax)
        default: return .invalid
        }
    }

    /// A scalar of the text that was parsed last, where that was valid. Its text is borrowed until the next parse.
    public func value(at pointer: JSONPointer) -> JSONScalar {
        guard let handle else { return .absent }
        var found = varve_json_value()
        pointer.bytes.withUnsafeBytes { bytes in
            varve_json_at(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &found)
        }
        switch UInt32(bitPattern: found.type) {
        case VARVE_JSON_NULL.rawValue: return .null
        case VARVE_JSON_BOOL.rawValue: return .bool(found.integer != 0)
        case VARVE_JSON_INT64.rawValue: return .integer(found.integer)
        case VARVE_JSON_UINT64.rawValue: return .natural(found.natural)
        case VARVE_JSON_DOUBLE.rawValue: return .number(found.number)
        case VARVE_JSON_STRING.rawValue:
            return .string(UnsafeRawBufferPointer(start: found.text, count: found.text_bytes))
        case VARVE_JSON_CONTAINER.rawValue: return .container
        default: return .absent
        }
    }

    /// Replaces the bytes of `buffer` from `start` on by the same JSON without insignificant white space.
    static func minify(_ buffer: FrameBuffer, from start: Int) -> Bool {
        let count = buffer.count - start
        let copy = UnsafeMutableRawPointer.allocate(byteCount: count + FrameBuffer.slackBytes, alignment: 16)
        defer { copy.deallocate() }
        copy.copyMemory(from: buffer.base + start, byteCount: count)
        (copy + count).initializeMemory(as: UInt8.self, repeating: 0, count: FrameBuffer.slackBytes)
        let written = varve_json_minify(
            copy.assumingMemoryBound(to: UInt8.self), count,
            (buffer.base + start).assumingMemoryBound(to: UInt8.self))
        guard written <= count else {
            (buffer.base + start).copyMemory(from: copy, byteCount: count)
            return false
        }
        buffer.truncate(to: start + written)
        return true
    }
}

/// A value found by a JSON Pointer.
public enum JSONScalar {
    case absent, null, container
    case bool(Bool)
    case integer(Int64)
    case natural(UInt64)
    case number(Double)
    /// Unescaped UTF-8, borrowed from the parser.
    case string(UnsafeRawBufferPointer)
}

/// A place in a JSON text (RFC 6901): `/user/id`, `/items/0`, or empty for the whole.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    let bytes: [UInt8]

    /// Nil unless it is empty or begins with `/`, and every `~` is followed by `0` or `1`.
    public init?(_ text: String) {
        guard text.isEmpty || text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 1024 else { return nil }
        var afterTilde = false
        for byte in text.utf8 {
            if afterTilde, byte != UInt8(ascii: "0"), byte != UInt8(ascii: "1") { return nil }
            afterTilde = byte == UInt8(ascii: "~")
        }
        guard !afterTilde else { return nil }
        description = text
        bytes = Array(text.utf8)
    }
}
