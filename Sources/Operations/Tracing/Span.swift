/// One span of a trace, in OpenTelemetry's terms.
public struct Span: Sendable {
    public enum Value: Sendable {
        case text(String)
        case integer(Int64)
    }

    /// 32 and 16 lower-case hex digits, not all zero (W3C Trace Context).
    public var traceID: String
    public var spanID: String
    /// Nil for the root.
    public var parentID: String?
    public var name: String
    /// Nanoseconds since 1970.
    public var start: Int64
    public var end: Int64
    public var attributes: [(name: String, value: Value)]
    /// One line where what it stands for failed; holds no secret.
    public var failure: String?

    public init(
        traceID: String, spanID: String, parentID: String? = nil, name: String, start: Int64, end: Int64,
        attributes: [(name: String, value: Value)] = [], failure: String? = nil
    ) {
        (self.traceID, self.spanID, self.parentID, self.name) = (traceID, spanID, parentID, name)
        (self.start, self.end, self.attributes, self.failure) = (start, max(start, end), attributes, failure)
    }
}

/// The body of `POST /v1/traces`: OTLP 1.x in its JSON form (opentelemetry.io/docs/specs/otlp, "JSON Protobuf
/// Encoding": ids in hex, 64-bit numbers as strings, enumerations as numbers).
enum OTLPText {
    static func request(_ spans: [Span], service: String, version: String, instance: String) -> String {
        let resource = attributes([
            ("service.name", .text(service)), ("service.version", .text(version)),
            ("service.instance.id", .text(instance)),
        ])
        let list = spans.map(span).joined(separator: ",")
        return #"{"resourceSpans":[{"resource":{"attributes":"# + resource
            + #"},"scopeSpans":[{"scope":{"name":"varve","#
            + #""version":""# + LogText.jsonEscaped(version) + #""},"spans":["# + list + "]}]}]}"
    }

    private static func span(_ span: Span) -> String {
        var text = #"{"traceId":"\#(span.traceID)","spanId":"\#(span.spanID)""#
        if let parent = span.parentID { text += #","parentSpanId":"\#(parent)""# }
        // 1: internal.
        text += #","name":"\#(LogText.jsonEscaped(span.name))","kind":1"#
        text += #","startTimeUnixNano":"\#(span.start)","endTimeUnixNano":"\#(span.end)""#
        text += #","attributes":"# + attributes(span.attributes)
        // 2: error; unset otherwise, as the specification wants of instrumentation.
        if let failure = span.failure {
            text += #","status":{"code":2,"message":"\#(LogText.jsonEscaped(failure))"}"#
        }
        return text + "}"
    }

    private static func attributes(_ pairs: [(name: String, value: Span.Value)]) -> String {
        let texts = pairs.map { pair in
            let value =
                switch pair.value {
                case .text(let text): #"{"stringValue":"\#(LogText.jsonEscaped(text))"}"#
                case .integer(let number): #"{"intValue":"\#(number)"}"#
                }
            return #"{"key":"\#(LogText.jsonEscaped(pair.name))","value":\#(value)}"#
        }
        return "[" + texts.joined(separator: ",") + "]"
    }
}
