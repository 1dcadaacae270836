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

    /// How a field or header tells the time: RFC 3339 text (UTC where it names no offset), or a number since 1970, as a
    /// JSON number or as text, with or without a fraction.
    public enum Unit: String, Hashable, Sendable, CaseIterable {
        case iso8601
        case seconds = "s"
        case milliseconds = "ms"
        case microseconds = "us"
        case nanoseconds = "ns"

        /// Milliseconds since 1970, rounded down; nil where the text does not tell a time in this unit.
        public func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
            switch self {
            case .iso8601: Timestamp.parse(text)?.milliseconds
            case .seconds: Decimal(text)?.scaled(byPowerOfTen: 3)
            case .milliseconds: Decimal(text)?.scaled(byPowerOfTen: 0)
            case .microseconds: Decimal(text)?.scaled(byPowerOfTen: -3)
            case .nanoseconds: Decimal(text)?.scaled(byPowerOfTen: -6)
            }
        }

        /// Those of numbers, the largest first.
        public static let ofNumbers: [Unit] = [.seconds, .milliseconds, .microseconds, .nanoseconds]
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
    /// - Parameter parser: has just judged the payload valid; nil where that is no JSON.
    public func resolve(_ event: Event, headers: any EventHeaders, parser: JSONParser?) -> Result<Int64, RejectReason> {
        switch origin {
        case .kafka:
            // Producers that know no time send -1 (RecordBatch.NO_TIMESTAMP).
            guard event.timestampType != .none, event.timestamp != -1 else { return .failure(.noEventTime) }
            return Self.checked(event.timestamp)
        case .field(let pointer):
            guard let parser else { return .failure(event.value == nil ? .tombstone : .notJSON) }
            switch parser.value(at: pointer) {
            case .string(let text): return milliseconds(text)
            case .number(let text): return unit == .iso8601 ? .failure(.badEventTime) : milliseconds(text)
            case .bool: return .failure(.badEventTime)
            case .null, nil: return .failure(.noEventTime)
            }
        case .header(let name):
            var result: Result<Int64, RejectReason> = .failure(.noEventTime)
            headers.forEachHeader(of: event) { candidate, value in
                guard candidate.elementsEqual(name.utf8) else { return }
                result = value.map(milliseconds) ?? .failure(.noEventTime)
            }
            return result
        }
    }

    private func milliseconds(_ text: UnsafeRawBufferPointer) -> Result<Int64, RejectReason> {
        guard !text.isEmpty else { return .failure(.noEventTime) }
        return unit.milliseconds(text).map(Self.checked) ?? .failure(.badEventTime)
    }

    private static func checked(_ milliseconds: Int64) -> Result<Int64, RejectReason> {
        PartitionCalendar.range.contains(milliseconds) ? .success(milliseconds) : .failure(.badEventTime)
    }
}
