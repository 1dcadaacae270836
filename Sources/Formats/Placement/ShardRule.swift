public import LakeModel

/// Which shard of its hour an event goes to. Stable for ever: the hash is Kafka's own murmur2, so that a table with as
/// many shards as its topic has partitions, sharded by key, agrees with the partitions of Java producers.
public enum ShardRule: Hashable, Sendable {
    /// By topic partition: shards then share no topic partition.
    case partition
    /// By key; an event without one goes by its topic partition.
    case key
    /// By a string, number (as it is written) or boolean in a JSON payload; an event without it goes by its topic
    /// partition.
    case field(JSONPointer)

    /// Reads `partition`, `key` or `field:/pointer`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "partition": self = .partition
        case "key": self = .key
        default:
            guard text.hasPrefix("field:"), let pointer = JSONPointer(String(text.dropFirst(6))) else { return nil }
            self = .field(pointer)
        }
    }

    public var isPartition: Bool { self == .partition }

    public var needsPayload: Bool {
        if case .field = self { true } else { false }
    }

    public func shard(ofPartition partition: Int32, shards: Int) -> Int {
        Int(UInt32(bitPattern: partition)) % max(1, shards)
    }

    /// - Parameter parser: has just judged the payload valid; nil where that is no JSON.
    public func shard(of event: Event, partition: Int32, parser: JSONParser?, shards: Int) -> Int {
        switch self {
        case .partition:
            return shard(ofPartition: partition, shards: shards)
        case .key:
            guard let key = event.key else { return shard(ofPartition: partition, shards: shards) }
            return Self.shard(hashing: key, shards: shards)
        case .field(let pointer):
            switch parser?.value(at: pointer) {
            case .string(let text), .number(let text): return Self.shard(hashing: text, shards: shards)
            case .bool(let value): return Self.shard(hashing: value ? "true" : "false", shards: shards)
            case .null, nil: return shard(ofPartition: partition, shards: shards)
            }
        }
    }

    private static func shard(hashing text: StaticString, shards: Int) -> Int {
        shard(
            hashing: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), shards: shards)
    }

    private static func shard(hashing bytes: UnsafeRawBufferPointer, shards: Int) -> Int {
        Int(murmur2(bytes) & 0x7FFF_FFFF) % max(1, shards)
    }

    /// Apache Kafka, `Utils.murmur2`: seed 0x9747b28c.
    static func murmur2(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let m: UInt32 = 0x5BD1_E995
        var h = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
        var index = 0
        while index + 4 <= bytes.count {
            var k = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            k = k &* m
            k ^= k >> 24
            k = k &* m
            h = h &* m ^ k
            index += 4
        }
        let rest = bytes.count - index
        if rest == 3 { h ^= UInt32(bytes[index + 2]) << 16 }
        if rest >= 2 { h ^= UInt32(bytes[index + 1]) << 8 }
        if rest >= 1 { h = (h ^ UInt32(bytes[index])) &* m }
        h ^= h >> 13
        h = h &* m
        return h ^ (h >> 15)
    }
}
