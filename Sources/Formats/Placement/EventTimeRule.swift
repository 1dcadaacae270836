public import LakeModel

/// Where an event's time comes from.
public struct EventTimeRule: Hashable, Sendable {
    public enum Origin: Hashable, Sendable {
        /// The timestamp that Kafka carries.
        case kafka
        /// A field of a JSON payload.
        case field(JSONPointer)
        /// A header; where the name repeats, the last one counts.
        case header(String)
    }

    public enum Unit: String, Hashable, Sendable, CaseIterable {
        case iso8601
        case seconds = "s"
        case milliseconds = "ms"
        case microseconds = "us"
        case nanoseconds = "ns"
    }

    public var origin: Origin
    /// Ignored for `kafka`.
    public var unit: Unit

    public init(_ origin: Origin, unit: Unit = .iso8601) {
        (self.origin, self.unit) = (origin, unit)
    }

    /// Reads `kafka`, `field:/pointer` or `header:name`; nil for anything else.
    public init?(_ text: String, unit: Unit) {
        if text == "kafka" {
            self.init(.kafka, unit: unit)
        } else if text.hasPrefix("field:"), let pointer = JSONPointer(String(text.dropFirst(6))) {
            self.init(.field(pointer), unit: unit)
        } else if text.hasPrefix("header:"), text.utf8.count > 7 {
            self.init(.header(String(text.dropFirst(7))), unit: unit)
        } else {
            return nil
        }
    }

    public var isKafka: Bool { origin == .kafka }

    /// Whether the payload has to be parsed first.
    public var needsPayload: Bool {
        if case .field = origin { true } else { false }
    }

    /// The event's time in milliseconds since 1970.
    ///
    /// - Parameter parser: holds the parsed payload; nil where that is no JSON.
    public func resolve(_ event: Event, headers: any EventHeaders, parser: JSONParser?) -> Result<Int64, RejectReason> {
        switch origin {
        case .kafka:
            return event.timestampType == .none ? .failure(.noEventTime) : .success(event.timestamp)
        case .field(let pointer):
            guard let parser else { return .failure(event.value == nil ? .tombstone : .notJSON) }
            return milliseconds(of: parser.value(at: pointer))
        case .header(let name):
            var result: Result<Int64, RejectReason> = .failure(.noEventTime)
            headers.forEachHeader(of: event) { bytes, value in
                guard bytes.elementsEqual(name.utf8) else { return }
                result = value.map(milliseconds(ofText:)) ?? .failure(.noEventTime)
            }
            return result
        }
    }

    private func milliseconds(of scalar: JSONScalar) -> Result<Int64, RejectReason> {
        switch scalar {
        case .absent, .null: .failure(.noEventTime)
        case .container, .bool: .failure(.badEventTime)
        case .integer(let value): scaled(value)
        case .natural(let value): Int64(exactly: value).map(scaled) ?? .failure(.badEventTime)
        case .number(let value): scaled(value)
        case .string(let text): milliseconds(ofText: text)
        }
    }

    private func milliseconds(ofText text: UnsafeRawBufferPointer) -> Result<Int64, RejectReason> {
        if unit == .iso8601 { return Timestamp.parse(text).map { .success($0.milliseconds) } ?? .failure(.badEventTime) }
        let string = String(decoding: text.prefix(64), as: UTF8.self)
        if let value = Int64(string) { return scaled(value) }
        return Double(string).map(scaled) ?? .failure(.badEventTime)
    }

    private func scaled(_ value: Int64) -> Result<Int64, RejectReason> {
        switch unit {
        case .iso8601: return .failure(.badEventTime)
        case .seconds:
            let (product, overflow) = value.multipliedReportingOverflow(by: 1000)
            return overflow ? .failure(.badEventTime) : inRange(product)
        case .milliseconds: return inRange(value)
        case .microseconds: return inRange(value.flooredDivision(by: 1000))
        case .nanoseconds: return inRange(value.flooredDivision(by: 1_000_000))
        }
    }

    private func scaled(_ value: Double) -> Result<Int64, RejectReason> {
        let factor: Double
        switch unit {
        case .iso8601: return .failure(.badEventTime)
        case .seconds: factor = 1000
        case .milliseconds: factor = 1
        case .microseconds: factor = 1e-3
        case .nanoseconds: factor = 1e-6
        }
        return Int64(exactly: (value * factor).rounded(.down)).map(inRange) ?? .failure(.badEventTime)
    }

    /// Only what a folder name can say: years 0001 to 9999.
    private func inRange(_ milliseconds: Int64) -> Result<Int64, RejectReason> {
        EventTimeRule.range.contains(milliseconds) ? .success(milliseconds) : .failure(.badEventTime)
    }

    /// 0001-01-02 to 9999-12-30, so that no time zone leads out of it.
    public static let range: ClosedRange<Int64> = -62_135_510_400_000...253_402_214_400_000
}
