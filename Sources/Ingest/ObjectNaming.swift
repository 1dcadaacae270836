import LakeModel

/// Names of data objects: they say what the object begins with, and no two are ever the same.
///
/// The topic, partition and offset of the first event make the name meaningful; the writer's id and a running number
/// make it unique, so that a zombie that writes the same events again can never overwrite a committed object.
struct ObjectNaming {
    let writerID: String

    func path(lane: LaneKey, first: TopicPartition, offset: Int64, object: Int, format: DataFormat) -> String {
        let name = "\(Self.escaped(first.topic))-\(first.partition)-\(padded(offset, 20))-\(writerID)-\(object)"
        let ending = lane.side == .main ? format.fileExtension : DataFormat.envelope.fileExtension
        return "\(lane.side.folder)/\(lane.partition)/\(name).\(ending)"
    }

    /// Kafka allows letters, digits, `.`, `_` and `-` in topic names; anything else is percent-encoded, and so is a
    /// name of dots only. At most 249 bytes of topic, as Kafka allows.
    static func escaped(_ topic: String) -> String {
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
