extension TopicPartition {
    /// What the name of a data object begins with: the topic, the partition and the offset of its first event.
    ///
    /// Kafka allows letters, digits, `.`, `_` and `-` in topic names, at most 249 bytes of them. Anything else is
    /// percent-encoded, and so is a name of dots only, which a path would take for a folder.
    public func objectStem(at offset: Int64) -> String {
        "\(Self.escaped(topic))-\(partition)-\(padded(offset, 20))"
    }

    private static func escaped(_ topic: String) -> String {
        if topic.allSatisfy({ $0 == "." }) { return topic.utf8.map { _ in "%2E" }.joined() }
        var result = ""
        for byte in topic.utf8.prefix(249) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
