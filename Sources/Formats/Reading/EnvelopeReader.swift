import Compression
import LakeModel

/// Reads envelope lines back into events, byte for byte. Strict: a line that this format does not allow is an error
/// that says where.
public enum EnvelopeReader {
    /// - Parameter line: without its line feed.
    public static func read(_ line: UnsafeRawBufferPointer) throws(FormatError) -> StoredEvent {
        var members: [String: Range<Int>] = [:]
        var scanner = JSONScanner(line)
        try scanMembers(&scanner) { name, range in members[name] = range }
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw FormatError("text behind the envelope at byte \(scanner.index)") }
        return try event(members, line)
    }

    private static func event(_ members: [String: Range<Int>], _ line: UnsafeRawBufferPointer)
        throws(FormatError) -> StoredEvent
    {
        func text(_ name: String) throws(FormatError) -> [UInt8]? { try members[name].flatMapThrowing { range throws(FormatError) in try string(line, range) } }
        guard let topic = try text("topic"), let partition = integer(line, members["partition"]),
            let partition = Int32(exactly: partition), let offset = integer(line, members["offset"])
        else { throw FormatError("topic, partition or offset is missing") }
        let type: TimestampType
        switch try text("timestamp_type").map({ String(decoding: $0, as: UTF8.self) }) {
        case "create": type = .create
        case "append": type = .append
        case "none": type = .none
        case let other: throw FormatError("timestamp_type is \(other ?? "missing")")
        }
        let timestamp = integer(line, members["timestamp"]).map(Timestamp.init(milliseconds:))
        guard (timestamp == nil) == (type == .none) else { throw FormatError("timestamp and timestamp_type disagree") }
        let value = try payload(members, line)
        return StoredEvent(
            TopicPartition(topic: String(decoding: topic, as: UTF8.self), partition: partition), offset: offset,
            timestamp: timestamp, timestampType: type, key: try bytes("key", members, line),
            headers: try headers(members["headers"], line), value: value,
            reason: try text("reason").map { String(decoding: $0, as: UTF8.self) },
            detail: try text("detail").map { String(decoding: $0, as: UTF8.self) })
    }

    private static func payload(_ members: [String: Range<Int>], _ line: UnsafeRawBufferPointer)
        throws(FormatError) -> [UInt8]?
    {
        if let range = members["tombstone"], line[range].elementsEqual("true".utf8) { return nil }
        if let range = members["value_base64"] {
            guard let decoded = Base64.decode(try string(line, range)) else { throw FormatError("value_base64 is not base64") }
            return decoded
        }
        guard let range = members["value"] else { throw FormatError("value is missing") }
        return Array(line[range])
    }

    /// A string member or its base64 twin; nil for null.
    private static func bytes(_ name: String, _ members: [String: Range<Int>], _ line: UnsafeRawBufferPointer)
        throws(FormatError) -> [UInt8]?
    {
        if let range = members["\(name)_base64"] {
            guard let decoded = Base64.decode(try string(line, range)) else { throw FormatError("\(name)_base64 is not base64") }
            return decoded
        }
        guard let range = members[name] else { throw FormatError("\(name) is missing") }
        if line[range].elementsEqual("null".utf8) { return nil }
        return try string(line, range)
    }

    private static func headers(_ range: Range<Int>?, _ line: UnsafeRawBufferPointer)
        throws(FormatError) -> [StoredEvent.Header]
    {
        guard let range else { return [] }
        var headers: [StoredEvent.Header] = []
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: line[range]))
        guard scanner.take("[") else { throw FormatError("headers are no array") }
        scanner.skipSpace()
        if scanner.take("]") { return [] }
        repeat {
            var members: [String: Range<Int>] = [:]
            try scanMembers(&scanner) { name, range in members[name] = range }
            guard let name = try bytes("name", members, scanner.bytes) else { throw FormatError("a header's name is null") }
            headers.append(StoredEvent.Header(name: name, value: try bytes("value", members, scanner.bytes)))
            scanner.skipSpace()
        } while scanner.take(",")
        guard scanner.take("]") else { throw FormatError("headers do not end") }
        return headers
    }

    /// Reads one object; calls `member` with each name and the range of its value, without the space around it. A value
    /// that comes last keeps every byte up to the closing brace.
    private static func scanMembers(_ scanner: inout JSONScanner, _ member: (String, Range<Int>) -> Void)
        throws(FormatError)
    {
        scanner.skipSpace()
        guard scanner.take("{") else { throw FormatError("no object at byte \(scanner.index)") }
        scanner.skipSpace()
        if scanner.take("}") { return }
        while true {
            scanner.skipSpace()
            let nameStart = scanner.index
            guard scanner.skipString() else { throw FormatError("no name at byte \(nameStart)") }
            let name = String(decoding: scanner.bytes[nameStart + 1..<scanner.index - 1], as: UTF8.self)
            scanner.skipSpace()
            guard scanner.take(":") else { throw FormatError("no colon at byte \(scanner.index)") }
            let start = scanner.index
            guard scanner.skipValue(depthMax: JSONParser.depthMax + 8) == .valid else {
                throw FormatError("no JSON value at byte \(start)")
            }
            scanner.skipSpace()
            // The payload's own white space belongs to it; our labels have none around them.
            member(name, start..<scanner.index)
            if scanner.take("}") { return }
            guard scanner.take(",") else { throw FormatError("neither comma nor brace at byte \(scanner.index)") }
        }
    }

    private static func integer(_ line: UnsafeRawBufferPointer, _ range: Range<Int>?) -> Int64? {
        range.flatMap { Int64(String(decoding: line[$0], as: UTF8.self)) }
    }

    /// The bytes of a JSON string, unescaped.
    private static func string(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) throws(FormatError) -> [UInt8] {
        guard let unescaped = JSONText.unescape(UnsafeRawBufferPointer(rebasing: line[range])) else {
            throw FormatError("no string at byte \(range.lowerBound)")
        }
        return unescaped
    }
}

extension Optional {
    func flatMapThrowing<Result>(_ body: (Wrapped) throws(FormatError) -> Result?) throws(FormatError) -> Result? {
        guard let self else { return nil }
        return try body(self)
    }
}
