public import Compression
internal import CSimdjson

/// What a payload is, judged as JSON (RFC 8259).
public enum JSONOutcome: Equatable, Sendable {
    /// One JSON text that stands on one line as it is.
    case valid
    /// One JSON text with LF or CR between its tokens.
    case validWithLineBreaks
    case invalid(JSONFault)

    @inlinable public var isValid: Bool {
        switch self {
        case .valid, .validWithLineBreaks: true
        case .invalid: false
        }
    }
}

/// Why a text is not taken for JSON.
public enum JSONFault: Equatable, Sendable {
    /// No bytes, or white space only.
    case empty
    case syntax
    case invalidUTF8
    /// More than `JSONParser.depthMax` levels.
    case tooDeep
    /// An escaped UTF-16 surrogate without its other half; strict readers refuse the whole file for one.
    case loneSurrogate
    /// A number beyond the range of a double; strict readers refuse the whole file for one.
    case numberOutOfRange
    case outOfMemory
}

extension JSONFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "empty"
        case .syntax: "not JSON"
        case .invalidUTF8: "not UTF-8"
        case .tooDeep: "nested deeper than \(JSONParser.depthMax) levels"
        case .loneSurrogate: "a string has half a surrogate pair"
        case .numberOutOfRange: "a number is out of a double's range"
        case .outOfMemory: "not enough memory to check it"
        }
    }
}

/// A value found in a JSON text; its bytes are borrowed until the parser's next call.
public enum JSONScalar {
    case null
    case bool(Bool)
    /// As it is written.
    case number(UnsafeRawBufferPointer)
    /// Without quotes, escapes resolved: UTF-8.
    case string(UnsafeRawBufferPointer)
}

extension JSONScalar {
    fileprivate init?(_ value: varve_json_value) {
        switch UInt32(bitPattern: value.kind) {
        case VARVE_JSON_NULL.rawValue: self = .null
        case VARVE_JSON_TRUE.rawValue: self = .bool(true)
        case VARVE_JSON_FALSE.rawValue: self = .bool(false)
        case VARVE_JSON_NUMERIC.rawValue: self = .number(UnsafeRawBufferPointer(start: value.bytes, count: value.count))
        case VARVE_JSON_STRING.rawValue: self = .string(UnsafeRawBufferPointer(start: value.bytes, count: value.count))
        default: return nil
        }
    }
}

/// Judges JSON texts strictly and looks values up in the one judged last; one thread at a time may use it.
///
/// It keeps no copy of a text: look-ups need the bytes of the last `parse` to be there still.
public final class JSONParser {
    /// Levels of arrays and objects; RFC 8259 section 9 lets a reader set a limit.
    public static let depthMax = 128

    /// Nil where there was no memory; then every text is refused.
    let handle: OpaquePointer?

    public convenience init() {
        self.init(depthMax: Self.depthMax)
    }

    /// For texts of our own that have what `depthMax` allows inside; the door goes to 1024 levels.
    init(depthMax: Int) {
        handle = varve_json_create(Int32(clamping: depthMax))
    }

    deinit {
        varve_json_destroy(handle)
    }

    /// Judges `bytes`; nothing need follow them in memory.
    public func parse(_ bytes: UnsafeRawBufferPointer) -> JSONOutcome {
        guard let handle else { return .invalid(.outOfMemory) }
        let status = varve_json_parse(handle, bytes.bytes, bytes.count)
        switch UInt32(bitPattern: status) {
        case VARVE_JSON_VALID.rawValue: return .valid
        case VARVE_JSON_VALID_WITH_LINE_BREAKS.rawValue: return .validWithLineBreaks
        case VARVE_JSON_EMPTY.rawValue: return .invalid(.empty)
        case VARVE_JSON_UTF8.rawValue: return .invalid(.invalidUTF8)
        case VARVE_JSON_TOO_DEEP.rawValue: return .invalid(.tooDeep)
        case VARVE_JSON_SURROGATE.rawValue: return .invalid(.loneSurrogate)
        case VARVE_JSON_NUMBER.rawValue: return .invalid(.numberOutOfRange)
        case VARVE_JSON_MEMORY.rawValue: return .invalid(.outOfMemory)
        default: return .invalid(.syntax)
        }
    }

    /// The scalar at `pointer` in the text judged last, which must have been valid and be there still; nil where
    /// there is none or it is an array or object. Of several members of one name the first counts.
    public func value(at pointer: borrowing JSONPointer) -> JSONScalar? {
        guard let handle else { return nil }
        // The door reads the steps and the text during the call only.
        let found = pointer.steps.withUnsafeBufferPointer { steps in
            pointer.text.withUnsafeBufferPointer { text in
                varve_json_find(handle, text.baseAddress, steps.baseAddress, steps.count)
            }
        }
        return JSONScalar(found)
    }

    /// Whether one of the scalars at `pointer` is wanted, in the text judged last: readers differ in which of several
    /// members of one name they take, so all of them count, at each step.
    public func contains(at pointer: borrowing JSONPointer, where isWanted: (JSONScalar) -> Bool) -> Bool {
        guard let handle else { return false }
        let (steps, text) = (pointer.steps, pointer.text)
        return withoutActuallyEscaping(isWanted) { isWanted in
            withUnsafePointer(to: Visit(isWanted: isWanted)) { visit in
                steps.withUnsafeBufferPointer { steps in
                    text.withUnsafeBufferPointer { text in
                        varve_json_find_all(
                            handle, text.baseAddress, steps.baseAddress, steps.count,
                            UnsafeMutableRawPointer(mutating: visit)
                        ) { visit, value in
                            guard let visit, let scalar = JSONScalar(value) else { return false }
                            return visit.assumingMemoryBound(to: Visit.self).pointee.isWanted(scalar)
                        }
                    }
                }
            }
        }
    }

    private struct Visit {
        let isWanted: (JSONScalar) -> Bool
    }

    /// Appends a valid text to `buffer` without white space between its tokens.
    public func minify(_ bytes: UnsafeRawBufferPointer, to buffer: FrameBuffer) {
        buffer.ensure(free: bytes.count)
        // The door writes at most count + 64 bytes: the slack takes what is over.
        let target = (buffer.base + buffer.count).assumingMemoryBound(to: UInt8.self)
        buffer.advance(by: varve_json_minify(bytes.bytes, bytes.count, target))
    }
}

/// Whether `bytes` are well-formed UTF-8 (Unicode, table 3-7).
func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    varve_utf8_valid(bytes.bytes, bytes.count)
}

extension UnsafeRawBufferPointer {
    var bytes: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension Int64 {
    /// Reads an optional minus and digits; nil for anything else and for what does not fit.
    init?(decimal text: UnsafeRawBufferPointer) {
        guard let first = text.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            let digit = Int64(byte &- 48)
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) = product.subtractingReportingOverflow(digit)
            guard !overflow, !overflowToo else { return nil }
            value = sum
        }
        // Counted downwards, as the least integer has no positive counterpart.
        guard !isNegative else {
            self = value
            return
        }
        guard value != .min else { return nil }
        self = -value
    }
}
