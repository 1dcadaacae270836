import LakeModel

/// What the user configured, checked and with every default filled in; plain data, parsed once.
struct Settings: Decodable, Sendable {
    var lake: LakeURL
    var s3: S3Settings
    var kafka: KafkaSettings
    var memory: ByteSize
    var commit: CommitSettings
    var server: ServerSettings
    var log: LogSettings
    var shutdown: ShutdownSettings
    var tables: [TableSettings]
}

struct S3Settings: Decodable, Sendable {
    enum Addressing: String, Decodable { case auto, path, virtual }
    enum Encryption: String, Decodable { case none, s3, kms, customer }
    enum Payload: String, Decodable { case auto, signed, unsigned }
    enum ChecksumChoice: String, Decodable { case crc64nvme, crc32c, sha256, none }
    struct Timeouts: Decodable, Sendable {
        var connect: TimeSetting
        var request: TimeSetting
    }

    var endpoint: String?
    var region: String?
    var addressing: Addressing
    var profile: String?
    var accessKeyID: String?
    var secretAccessKey: String?
    var sessionToken: String?
    var roleARN: String?
    var externalID: String?
    var storageClass: String?
    var encryption: Encryption
    var kmsKey: String?
    var customerKey: String?
    var caFile: String?
    var proxy: String?
    var verifiesTLS: Bool
    var allowsHTTP: Bool
    var payload: Payload
    var checksum: ChecksumChoice
    var tags: [String: String]
    var connections: Int
    var retries: Int
    var timeout: Timeouts

    enum CodingKeys: String, CodingKey {
        case endpoint, region, addressing, profile
        case accessKeyID = "access_key_id"
        case secretAccessKey = "secret_access_key"
        case sessionToken = "session_token"
        case roleARN = "role_arn"
        case externalID = "external_id"
        case storageClass = "storage_class"
        case encryption = "sse"
        case kmsKey = "kms_key"
        case customerKey = "sse_c_key"
        case caFile = "ca_file"
        case proxy
        case verifiesTLS = "tls_verify"
        case allowsHTTP = "allow_http"
        case payload, checksum, tags, connections, retries, timeout
    }
}

struct KafkaSettings: Decodable, Sendable {
    enum Assignment: String, Decodable { case cooperative, eager }

    var brokers: String?
    var group: String
    var instanceID: String?
    var assignment: Assignment
    /// Passed to librdkafka as they are.
    var properties: [String: String]

    enum CodingKeys: String, CodingKey {
        case brokers, group
        case instanceID = "instance_id"
        case assignment, properties
    }
}

struct CommitSettings: Decodable, Sendable {
    var every: TimeSetting
}

struct ServerSettings: Decodable, Sendable {
    /// Nil where the server is off.
    var listen: ListenAddress?

    enum CodingKeys: String, CodingKey { case listen }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        listen = ListenAddress(try container.decode(String.self, forKey: .listen))
    }
}

struct LogSettings: Decodable, Sendable {
    enum Format: String, Decodable { case text, json }

    /// A level of swift-log by name.
    var level: String
    var format: Format
}

struct ShutdownSettings: Decodable, Sendable {
    var timeout: TimeSetting
}

struct TableSettings: Decodable, Sendable {
    enum ResetPolicy: String, Decodable { case stop, earliest, latest }
    struct Compression: Decodable, Sendable { var level: Int }

    var name: String
    var topics: [TopicSelector]
    var start: StartPosition
    var onReset: ResetPolicy
    var partition: PartitionSettings
    var format: DataFormat
    var compression: Compression
    var rotate: RotateSettings
    var late: LateSettings
    var close: CloseSettings
    var tags: [String: String]

    enum CodingKeys: String, CodingKey {
        case name, topics, start
        case onReset = "on_reset"
        case partition, format, compression, rotate, late, close, tags
    }
}

struct PartitionSettings: Decodable, Sendable {
    enum TimeUnit: String, Decodable {
        case iso8601
        case seconds = "s"
        case milliseconds = "ms"
        case microseconds = "us"
        case nanoseconds = "ns"
    }

    /// `kafka`, `field:/pointer` or `header:name`.
    var time: String
    var unit: TimeUnit
    var granularity: TableLayout.Granularity
    var zone: String
    var shards: Int
    /// `partition`, `key` or `field:/pointer`.
    var shardBy: String

    enum CodingKeys: String, CodingKey {
        case time, unit, granularity, zone, shards
        case shardBy = "shard_by"
    }

    var layout: TableLayout {
        TableLayout(granularity: granularity, zone: zone, shards: shards, time: time, shardBy: shardBy)
    }
}

struct RotateSettings: Decodable, Sendable {
    var bytes: ByteSize
    var age: TimeSetting
    var records: Int
}

struct LateSettings: Decodable, Sendable {
    enum Policy: String, Decodable {
        case accept, separate
        case deadLetter = "dead_letter"
    }

    var after: TimeSetting
    var policy: Policy
}

struct CloseSettings: Decodable, Sendable {
    var grace: TimeSetting
    var idle: TimeSetting
}
