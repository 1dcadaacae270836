public import Compression
public import LakeModel

/// Writes payloads as lines of JSON, nothing else: offsets, keys and headers of the events are not kept.
///
/// A payload with line breaks is written without white space between its tokens; one that is not JSON is refused.
public struct ValueWriter: Sendable {
    public init() {}

    /// Writes one line, or leaves the buffer as it was.
    ///
    /// `known` spares a second check of a payload that `parser` judged last; without it the payload is judged here.
    public mutating func append(
        _ event: Event, parser: JSONParser, to buffer: FrameBuffer, known: JSONOutcome? = nil
    ) -> AppendOutcome {
        guard let value = event.value else { return .rejected(.tombstone) }
        switch known ?? parser.parse(value) {
        case .invalid(let fault):
            return .rejected(fault == .tooDeep ? .tooDeep : .notJSON)
        case .valid:
            buffer.ensure(free: value.count &+ 1)
            buffer.append(value)
        case .validWithLineBreaks:
            buffer.ensure(free: value.count &+ 1)
            parser.minify(value, to: buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
        return .written
    }
}
