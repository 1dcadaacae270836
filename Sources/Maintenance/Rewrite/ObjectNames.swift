import LakeModel

/// Names of rewritten objects: what they begin with, and the commit that they were made for. No two are the same, as
/// each attempt has a commit id of its own.
struct ObjectNames: Sendable {
    var side: TableSide
    var partition: PartitionPath
    var commit: CommitID

    func path(first source: TopicPartition, offset: Int64, number: Int, format: DataFormat) -> String {
        let name = "\(Self.escaped(source.topic))-\(source.partition)-\(padded(offset, 20))-\(commit)-\(number)"
        return "\(side.folder)/\(partition)/\(name).\(format.fileExtension)"
    }

    /// Letters, digits, `.`, `_` and `-` stay, as Kafka allows them in topic names; anything else is percent-encoded,
    /// and so is a name of dots only.
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
