internal import Compression
public import LakeModel

/// Reads envelope and dead-letter lines back into events; strict, one thread at a time.
///
/// A line is taken only if the writers of this module could have written it, but for the text of a payload.
public final class EnvelopeReader {
    /// Judges the payloads.
    public let parser = JSONParser()
    /// Of the line read last.
    public private(set) var topicPartition = TopicPartition(topic: "", partition: 0)
    /// Changes with `topicPartition`.
    private var source: Int32 = 0
    /// The front of the last line up to its offset, which gave `topicPartition`.
    private var front: [UInt8] = []
    private let lineHeaders = LineHeaders()
    private let decoded = FrameBuffer(capacityBytes: 0)

    public init() {}

    /// The headers of the event lent last.
    public var headers: any EventHeaders { lineHeaders }

    /// Reads one line, without its line break, and copies what stands in it.
    public func read(_ line: UnsafeRawBufferPointer) throws(LineError) -> StoredEvent {
        let lent = try lend(line)
        let (event, type) = (lent.event, lent.event.timestampType)
        return StoredEvent(
            topicPartition, offset: event.offset,
            timestamp: type == .none ? nil : Timestamp(milliseconds: event.timestamp), timestampType: type,
            key: event.key.map(Array.init),
            headers: lineHeaders.all.map { .init(name: Array($0.name), value: $0.value.map(Array.init)) },
            value: event.value.map(Array.init), reason: lent.reason.map { String(decoding: $0, as: UTF8.self) },
            detail: lent.detail.map { String(decoding: $0, as: UTF8.self) })
    }

    /// Reads one line, without its line break, and lends what stands in it; allocates nothing for most lines.
    public func lend(_ line: UnsafeRawBufferPointer) throws(LineError) -> LentEvent {
        // A line of many megabytes must not keep its memory for ever.
        if decoded.capacity > 1 << 20 { decoded.clear(keepingCapacityBytes: 1 << 20) }
        var scanner = LineScanner(line, decoded: decoded)
        lineHeaders.all.removeAll(keepingCapacity: true)
        var lent = LentEvent(event: try coordinates(&scanner))
        if scanner.take(",\"reason\":") {
            lent.reason = try scanner.string()
            try scanner.expect(",\"detail\":")
            lent.detail = try scanner.string()
        }
        try scanner.expect(",\"key")
        lent.event.key = try textOrBytes(&scanner)
        if scanner.take(",\"headers\":[") { try readHeaders(&scanner) }
        try readValue(&scanner, into: &lent)
        guard scanner.isAtEnd else { throw scanner.error("expected the end of the line") }
        return lent
    }

    /// The event with all that stands before its key.
    private func coordinates(_ scanner: inout LineScanner) throws(LineError) -> Event {
        // Lines of one topic partition start alike: a comparison spares reading the topic again.
        if front.isEmpty || !scanner.take(front) { try readFront(&scanner) }
        let offset = try scanner.integer()
        try scanner.expect(",\"timestamp\":")
        let timestamp: Int64? = scanner.take("null") ? nil : try scanner.integer()
        try scanner.expect(",\"timestamp_type\":")
        let type: TimestampType
        if scanner.take("\"create\"") {
            type = .create
        } else if scanner.take("\"append\"") {
            type = .append
        } else {
            try scanner.expect("\"none\"")
            type = .none
        }
        guard (type == .none) == (timestamp == nil) else { throw scanner.error("timestamp and its type do not fit") }
        return Event(
            source: source, offset: offset, timestamp: timestamp ?? 0, timestampType: type, key: nil, value: nil)
    }

    private func readFront(_ scanner: inout LineScanner) throws(LineError) {
        front = []
        try scanner.expect("{\"topic\":")
        let topic = String(decoding: try scanner.string(), as: UTF8.self)
        try scanner.expect(",\"partition\":")
        guard let partition = Int32(exactly: try scanner.integer()) else {
            throw scanner.error("a topic partition's number has 32 bits")
        }
        try scanner.expect(",\"offset\":")
        topicPartition = TopicPartition(topic: topic, partition: partition)
        source &+= 1
        front = Array(scanner.taken)
    }

    /// Behind the start of a name: `":"text"`, `":null` or `_base64":"…"`.
    private func textOrBytes(_ scanner: inout LineScanner) throws(LineError) -> UnsafeRawBufferPointer? {
        if scanner.take("_base64\":") { return try scanner.base64() }
        try scanner.expect("\":")
        return scanner.take("null") ? nil : try scanner.string()
    }

    private func readHeaders(_ scanner: inout LineScanner) throws(LineError) {
        repeat {
            try scanner.expect("{\"name")
            guard let name = try textOrBytes(&scanner) else { throw scanner.error("a header has no name") }
            try scanner.expect(",\"value")
            lineHeaders.all.append(.init(name: name, value: try textOrBytes(&scanner)))
            try scanner.expect("}")
        } while scanner.take(",")
        try scanner.expect("]")
    }

    private func readValue(_ scanner: inout LineScanner, into lent: inout LentEvent) throws(LineError) {
        if scanner.take(",\"tombstone\":true,\"value\":null}") { return }
        if scanner.take(",\"value_base64\":") {
            lent.event.value = try scanner.base64()
            return try scanner.expect("}")
        }
        let breaks = try breaks(&scanner)
        try scanner.expect(",\"value\":")
        let start = scanner.position
        let payload = try scanner.takeAll(butLast: 1)
        try scanner.expect("}")
        switch parser.parse(payload) {
        case .valid: break
        case .validWithLineBreaks: throw LineError(byte: start, reason: "the value has a line break")
        case .invalid(let fault): throw LineError(byte: start, reason: "the value is \(fault)")
        }
        guard !breaks.isEmpty else {
            (lent.event.value, lent.known) = (payload, .valid)
            return
        }
        let bytes = scanner.copy(payload)
        var index = -1
        for gap in breaks {
            let (next, overflow) = index.addingReportingOverflow(gap)
            guard !overflow, gap > 0, next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 else {
                throw LineError(byte: start, reason: "value_breaks does not fit the value")
            }
            bytes[next] = bytes[next] == 0x20 ? 0x0A : 0x0D
            index = next
        }
        lent.event.value = UnsafeRawBufferPointer(bytes)
    }

    private func breaks(_ scanner: inout LineScanner) throws(LineError) -> [Int] {
        guard scanner.take(",\"value_breaks\":[") else { return [] }
        var breaks: [Int] = []
        repeat { breaks.append(Int(try scanner.integer())) } while scanner.take(",")
        try scanner.expect("]")
        return breaks
    }
}
