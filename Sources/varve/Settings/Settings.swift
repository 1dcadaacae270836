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
    var tracing: Tracing
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
        var mskIAM: MSKIAM
        /// Passed to librdkafka as they are.
        var properties: [String: String]

        enum CodingKeys: String, CodingKey {
            case brokers, group
            case instanceID = "instance_id"
            case assignment
            case mskIAM = "aws_msk_iam"
            case properties
        }
    }

    struct MSKIAM: Decodable, Sendable {
        /// Nil where it is not used.
        var region: String?
        var profile: String?
        var roleARN: String?

        enum CodingKeys: String, CodingKey {
            case region, profile
            case roleARN = "role_arn"
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
        var console: ConsoleChoice
        var consoleToken: String?

        enum ConsoleChoice: String, Decodable { case auto, on, off }

        /// Whether the console is served beside the metrics.
        var servesConsole: Bool {
            switch console {
            case .on: true
            case .off: false
            case .auto: consoleToken != nil || listen?.isLoopback == true
            }
        }

        enum CodingKeys: String, CodingKey {
            case listen, console
            case consoleToken = "console_token"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            listen = ListenAddress(try container.decode(String.self, forKey: .listen))
            console = try container.decode(ConsoleChoice.self, forKey: .console)
            consoleToken = try container.decodeIfPresent(String.self, forKey: .consoleToken)
        }
    }

    struct Log: Decodable, Sendable {
        enum Format: String, Decodable { case text, json }

        /// A level of swift-log by name.
        var level: String
        /// By the components' names.
        var levels: [String: String]
        var format: Format
    }

    struct Tracing: Decodable, Sendable {
        /// Nil where nothing is traced.
        var endpoint: String?
        var authorization: String?

        enum CodingKeys: String, CodingKey {
            case endpoint = "otlp_endpoint"
            case authorization
        }
    }

    struct Shutdown: Decodable, Sendable {
        var timeout: TimeSetting
    }
}
