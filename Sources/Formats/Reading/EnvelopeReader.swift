internal import LakeModel

/// Reads envelope and dead-letter lines back into events; strict, one thread at a time.
///
/// A line is taken only if the writers of this module could have written it, but for the text of a payload.
public final class EnvelopeReader {
    private let parser = JSONParser()
    private var source = TopicPartition(topic: "", partition: 0)
    /// The front of the last line up to its offset, which gave `source`.
    private var front: [UInt8] = []

    public init() {}

    /// Reads one line, without its line break.
    public func read(_ line: UnsafeRawBufferPointer) throws(LineError) -> StoredEvent {
        var scanner = LineScanner(line)
        var event = try coordinates(&scanner, line)
        if scanner.take(",\"reason\":") {
            event.reason = String(decoding: try scanner.string(), as: UTF8.self)
            try scanner.expect(",\"detail\":")
            event.detail = String(decoding: try scanner.string(), as: UTF8.self)
        }
        try scanner.expect(",\"key")
        event.key = try textOrBytes(&scanner)
        if scanner.take(",\"headers\":[") { event.headers = try headers(&scanner) }
        event.value = try value(&scanner)
        guard scanner.isAtEnd else { throw scanner.error("expected the end of the line") }
        return event
    }

    /// The event with all that stands before its key.
    private func coordinates(
        _ scanner: inout LineScanner, _ line: UnsafeRawBufferPointer
    ) throws(LineError) -> StoredEvent {
        // Lines of one topic partition start alike: a comparison spares reading the topic again.
        if front.isEmpty || !line.starts(with: front) {
            try readFront(line)
        }
        try scanner.skip(front.count)
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
        return StoredEvent(
            source, offset: offset, timestamp: timestamp.map(Timestamp.init(milliseconds:)), timestampType: type,
            key: nil, value: nil)
    }

    private func readFront(_ line: UnsafeRawBufferPointer) throws(LineError) {
        front = []
        var scanner = LineScanner(line)
        try scanner.expect("{\"topic\":")
        let topic = String(decoding: try scanner.string(), as: UTF8.self)
        try scanner.expect(",\"partition\":")
        guard let partition = Int32(exactly: try scanner.integer()) else {
            throw scanner.error("a topic partition's number has 32 bits")
        }
        try scanner.expect(",\"offset\":")
        source = TopicPartition(topic: topic, partition: partition)
        front = Array(line[..<scanner.position])
    }

    /// Behind the start of a name: `":"text"`, `":null` or `_base64":"…"`.
    private func textOrBytes(_ scanner: inout LineScanner) throws(LineError) -> [UInt8]? {
        if scanner.take("_base64\":") { return try scanner.base64() }
        try scanner.expect("\":")
        return scanner.take("null") ? nil : try scanner.string()
    }

    private func headers(_ scanner: inout LineScanner) throws(LineError) -> [StoredEvent.Header] {
        var headers: [StoredEvent.Header] = []
        repeat {
            try scanner.expect("{\"name")
            guard let name = try textOrBytes(&scanner) else { throw scanner.error("a header has no name") }
            try scanner.expect(",\"value")
            headers.append(.init(name: name, value: try textOrBytes(&scanner)))
            try scanner.expect("}")
        } while scanner.take(",")
        try scanner.expect("]")
        return headers
    }

    private func value(_ scanner: inout LineScanner) throws(LineError) -> [UInt8]? {
        if scanner.take(",\"tombstone\":true,\"value\":null}") { return nil }
        if scanner.take(",\"value_base64\":") {
            let bytes = try scanner.base64()
            try scanner.expect("}")
            return bytes
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
        var bytes = Array(payload)
        var index = -1
        for gap in breaks {
            let (next, overflow) = index.addingReportingOverflow(gap)
            guard !overflow, gap > 0, next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 else {
                throw LineError(byte: start, reason: "value_breaks does not fit the value")
            }
            bytes[next] = bytes[next] == 0x20 ? 0x0A : 0x0D
            index = next
        }
        return bytes
    }

    private func breaks(_ scanner: inout LineScanner) throws(LineError) -> [Int] {
        guard scanner.take(",\"value_breaks\":[") else { return [] }
        var breaks: [Int] = []
        repeat { breaks.append(Int(try scanner.integer())) } while scanner.take(",")
        try scanner.expect("]")
        return breaks
    }
}
