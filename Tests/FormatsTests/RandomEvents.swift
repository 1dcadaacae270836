import Formats
import LakeModel
import TestSupport

/// Makes events of every kind that Kafka can carry.
struct RandomEvents {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func next(offset: Int64) -> OwnedEvent {
        let type = TimestampType.allCases.randomElement(using: &generator) ?? .create
        var event = OwnedEvent(
            value: value(), key: bytesOrNil(), offset: offset,
            timestamp: Int64.random(in: -1000...2_000_000_000_000, using: &generator), type: type)
        // Kafka takes any number for a timestamp; microseconds and nanoseconds are what producers send by mistake.
        if type != .none, generator.chance(0.05) {
            let wild: [Int64] = [.min, .max, 1_700_000_000_000_000, 1_700_000_000_000_000_000, -62_135_596_800_001]
            event.timestamp = wild.randomElement(using: &generator).map(Timestamp.init(milliseconds:))
        }
        event.topicPartition = TopicPartition(
            topic: ["orders", "click.stream", "a_b-c"].randomElement(using: &generator) ?? "orders",
            partition: Int32.random(in: 0...3, using: &generator))
        if generator.chance(0.4) {
            event.headers = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                .init(name: bytesOrNil() ?? Array("trace".utf8), value: bytesOrNil())
            }
        }
        return event
    }

    private mutating func value() -> [UInt8]? {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: return nil
        case 1: return []
        case 2: return bytes(upTo: 300)
        case 3: return Array("null".utf8)
        case 4: return Array(text().utf8)
        default:
            var json = json(depth: 0)
            if generator.chance(0.2), !json.isEmpty {
                // Damaged somewhere: mostly no JSON any more.
                let index = json.utf8.index(
                    json.startIndex, offsetBy: Int.random(in: 0..<json.utf8.count, using: &generator))
                json = String(decoding: json.utf8[..<index], as: UTF8.self)
            }
            return Array(json.utf8)
        }
    }

    private mutating func bytesOrNil() -> [UInt8]? {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: nil
        case 1: bytes(upTo: 40)
        default: Array(text().utf8)
        }
    }

    private mutating func bytes(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private mutating func text() -> String {
        let pieces = [
            "a", "user-123456789", "\"", "\\", "\n", "\r\n", "\t", "\u{0}", "\u{1F}", "\u{7F}", "é", "日本", "😀",
            "\u{2028}",
        ]
        return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            pieces.randomElement(using: &generator) ?? ""
        }.joined()
    }

    private mutating func json(depth: Int) -> String {
        let space = { (generator: inout SeededGenerator) in
            generator.chance(0.8)
                ? "" : ["", " ", "\n", "\r\n", "\t", "\r", " \n  "].randomElement(using: &generator) ?? ""
        }
        let (before, after) = (space(&generator), space(&generator))
        return before + scalarOrContainer(depth: depth) + after
    }

    private mutating func scalarOrContainer(depth: Int) -> String {
        let kind = Int.random(in: 0..<(depth < 5 ? 8 : 6), using: &generator)
        switch kind {
        case 0: return ["true", "false", "null"].randomElement(using: &generator) ?? "null"
        case 1: return "\(Int64(bitPattern: generator.next()))"
        case 2: return "\(generator.next())\(generator.next())"
        case 3: return ["-0", "1.5e300", "0.1", "-12.50E-7"].randomElement(using: &generator) ?? "0"
        case 4, 5: return string()
        case 6:
            return "["
                + (0..<Int.random(in: 0...4, using: &generator)).map { _ in json(depth: depth + 1) }
                .joined(separator: ",") + "]"
        default:
            return "{"
                + (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    string() + ":" + json(depth: depth + 1)
                }.joined(separator: ",") + "}"
        }
    }

    private mutating func string() -> String {
        let pieces = [
            "a", "name", "\\\"", "\\\\", "\\n", "\\u00e9", "\\ud83d\\ude00", "é", "😀", "\u{2028}", "/", "\\/",
        ]
        return "\""
            + (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined() + "\""
    }
}
