import LakeModel

/// What the user configured, checked and with every default filled in; plain data, parsed once.
struct Settings: Decodable, Sendable {
    var lake: LakeURL
    var s3: S3
    var kafka: Kafka
    var memory: ByteSize
    var commit: Commit
    var server: Server
    var log: Log
    var shutdown: Shutdown
    var erasure: Erasure
    var tables: [Table]
}

extension Settings {
    struct Kafka: Decodable, Sendable {
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

    struct Commit: Decodable, Sendable {
        var every: TimeSetting
        /// In commits.
        var checkpointEvery: Int

        enum CodingKeys: String, CodingKey {
            case every
            case checkpointEvery = "checkpoint_every"
        }
    }

    struct Server: Decodable, Sendable {
        /// Nil where the server is off.
        var listen: ListenAddress?

        enum CodingKeys: String, CodingKey { case listen }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            listen = ListenAddress(try container.decode(String.self, forKey: .listen))
        }
    }

    struct Log: Decodable, Sendable {
        enum Format: String, Decodable { case text, json }

        /// A level of swift-log by name.
        var level: String
        var format: Format
    }

    struct Shutdown: Decodable, Sendable {
        var timeout: TimeSetting
    }
}
