internal import CRDKafka

/// Why Kafka, or the client library, did not do what it was asked.
///
/// The description is one line that says what happened, where, and what to do about the common causes. It holds no
/// secret: texts of librdkafka pass a `Redactor` that knows the secret settings.
public struct KafkaError: Error, Hashable, Sendable {
    /// librdkafka's number and name of an error; negative numbers are the client's own, others come from the broker.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let number: Int32

        public init(number: Int32) {
            self.number = number
        }

        /// The name in librdkafka's list: `_TRANSPORT`, `TOPIC_AUTHORIZATION_FAILED`.
        public var description: String {
            // rd_kafka_err2name answers a static string for every number, "ERR_<n>?" for those it does not know.
            String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: number)))
        }

        public static let allBrokersDown = Code(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        public static let authentication = Code(RD_KAFKA_RESP_ERR__AUTHENTICATION)
        public static let invalidArgument = Code(RD_KAFKA_RESP_ERR__INVALID_ARG)
        public static let offsetOutOfRange = Code(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        public static let state = Code(RD_KAFKA_RESP_ERR__STATE)
        public static let timedOut = Code(RD_KAFKA_RESP_ERR__TIMED_OUT)
        public static let topicExists = Code(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        public static let unknownTopic = Code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)

        init(_ code: rd_kafka_resp_err_t) {
            number = code.rawValue
        }

        var cValue: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: number) }
    }

    public var code: Code
    /// What was tried: `subscribe`, `create topic orders`.
    public var operation: String
    /// What librdkafka or the broker said; one line, lower case.
    public var message: String
    /// True where this client cannot go on and has to be made anew.
    public var isFatal: Bool
    /// True where the same call may succeed later.
    public var isRetriable: Bool

    public init(
        _ code: Code, operation: String, message: String, isFatal: Bool = false, isRetriable: Bool = false
    ) {
        (self.code, self.operation, self.message) = (code, operation, asOneLine(message))
        (self.isFatal, self.isRetriable) = (isFatal, isRetriable)
    }
}

extension KafkaError: CustomStringConvertible {
    public var description: String {
        let advice = code.advice.map { "; \($0)" } ?? ""
        return "\(operation): \(message) (\(code))\(advice)"
    }
}

extension KafkaError.Code {
    /// What a person can do about the common errors; nil where we know no better than the message.
    public var advice: String? {
        switch cValue {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
            return "check kafka.brokers, that the brokers run, and whether they expect TLS or SASL (security.protocol)"
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return "check the host names in kafka.brokers and those that the brokers advertise"
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
            return "check that kafka.brokers can be reached; raise the time-out if they are only slow"
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            return "check the topic's name, create it, or wait until it exists"
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
            return "check sasl.mechanism, sasl.username and sasl.password"
        case RD_KAFKA_RESP_ERR__SSL:
            return "check security.protocol, ssl.ca.location and that the certificate names the broker's host"
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return "grant READ and DESCRIBE on the topic to this principal"
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return "grant READ on the consumer group to this principal, or change kafka.group"
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return "grant this operation on the cluster to this principal"
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            return "the topic was made anew or its retention passed the offset; decide where to go on"
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
            return "raise message.max.bytes here, or max.message.bytes of the topic"
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            return "poll more often, or raise max.poll.interval.ms"
        case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
            return "every member of the group needs the same partition.assignment.strategy; change kafka.group"
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            return "another member has the same group.instance.id; give each process its own"
        default:
            return nil
        }
    }
}

extension KafkaError {
    init(_ code: rd_kafka_resp_err_t, operation: String, message: String? = nil, redactor: Redactor = .none) {
        // rd_kafka_err2str answers a static string.
        let text = message ?? String(cString: rd_kafka_err2str(code))
        self.init(
            Code(code), operation: operation, message: redactor.clean(text),
            isFatal: code == RD_KAFKA_RESP_ERR__FATAL, isRetriable: Code(code).isTransient)
    }

    /// Reads a rich error and destroys it: librdkafka hands its ownership to the caller.
    init(taking error: OpaquePointer, operation: String, redactor: Redactor = .none) {
        defer { rd_kafka_error_destroy(error) }
        self.init(
            Code(rd_kafka_error_code(error)), operation: operation,
            message: redactor.clean(String(cString: rd_kafka_error_string(error))),
            isFatal: rd_kafka_error_is_fatal(error) != 0, isRetriable: rd_kafka_error_is_retriable(error) != 0)
    }

    /// Throws where `code` is an error.
    static func check(_ code: rd_kafka_resp_err_t, _ operation: String) throws(KafkaError) {
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, operation: operation) }
    }

    /// Throws where `error` is not nil, and destroys it.
    static func check(taking error: OpaquePointer?, _ operation: String) throws(KafkaError) {
        if let error { throw KafkaError(taking: error, operation: operation) }
    }
}

extension KafkaError {
    /// Whether librdkafka goes on behind events that it could not read.
    public var skipsEvents: Bool {
        switch code.cValue {
        case RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_COMPRESSION, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED: true
        default: false
        }
    }

    /// Whether a question to the leader of a topic partition was answered by nobody who knows: the leader is away, is
    /// just being chosen, or has moved. It can be asked again later, and says nothing of other topic partitions.
    public var isUnanswered: Bool { !isFatal && (isRetriable || code.isTransient || code.isOfAbsentLeader) }
}

extension KafkaError.Code {
    fileprivate var isOfAbsentLeader: Bool {
        switch cValue {
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            // A connection that ends in the middle of an answer.
            RD_KAFKA_RESP_ERR__BAD_MSG:
            return true
        default:
            return false
        }
    }

    var isTransient: Bool {
        switch cValue {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__QUEUE_FULL,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
            return true
        default:
            return false
        }
    }
}

/// Our form of an error text: one line, no full stop, and a sentence's capital made small (acronyms stay).
private func asOneLine(_ text: String) -> String {
    var line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    while line.last == "." { line.removeLast() }
    if let first = line.first, first.isUppercase, line.dropFirst().first?.isLowercase ?? false {
        line = first.lowercased() + line.dropFirst()
    }
    return line
}

/// Runs a C function that writes a text of at most 511 bytes, and reads it up to its NUL.
func withErrorText<Result>(_ body: (UnsafeMutablePointer<CChar>?, Int) -> Result) -> (Result, String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        buffer.initialize(repeating: 0)
        // The last byte stays NUL whatever the function does.
        let result = body(buffer.baseAddress, buffer.count - 1)
        return (result, buffer.baseAddress.map { String(cString: $0) } ?? "")
    }
}
