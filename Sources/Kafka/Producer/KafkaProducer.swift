internal import CRDKafka
public import Logging

/// Sends events; used by demonstrations, tests and restore. Made to be driven by one thread.
///
/// `send` only queues. `flush` waits until everything was delivered or failed, and throws where something failed.
public final class KafkaProducer {
    let client: ClientHandle
    private let bridge: LogBridge
    private let queue: OpaquePointer

    /// Events that a broker has acknowledged.
    public private(set) var deliveredCount: Int64 = 0
    /// Events that were given up.
    public private(set) var failedCount: Int64 = 0
    /// How many of them a `flush` has thrown for.
    private var failedCountReported: Int64 = 0
    /// Acknowledged events whose timestamp the broker replaced by its own (`message.timestamp.type=LogAppendTime`).
    public private(set) var appendTimeCount: Int64 = 0
    /// The last reason for a failure.
    public private(set) var lastFailure: KafkaError?

    /// `properties` are librdkafka's, by name, and win over the defaults.
    public init(
        brokers: String, clientID: String = "varve", properties: [String: String] = [:],
        tokens: (any KafkaTokenSource)? = nil, logger: Logger
    ) throws(KafkaError) {
        var all: [(name: String, value: String)] = [
            ("bootstrap.servers", brokers), ("client.id", clientID), ("linger.ms", "5"),
        ]
        all += properties.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        all.append(("log.queue", "true"))
        let client = try ClientHandle(
            all, events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG, tokens: tokens)
        guard let queue = rd_kafka_queue_get_main(client.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: "kafka producer")
        }
        // A null queue stands for the main one.
        _ = rd_kafka_set_log_queue(client.pointer, nil)
        self.client = client
        self.queue = queue
        bridge = LogBridge(logger: logger, redactor: Redactor(properties: all))
    }

    deinit {
        rd_kafka_queue_destroy(queue)
    }

    /// One header; names may repeat, and a null value is not an empty one.
    public typealias Header = (name: String, value: [UInt8]?)

    /// A header whose name need not be text.
    public typealias RawHeader = (name: [UInt8], value: [UInt8]?)

    /// Queues one event; its bytes are copied. Nil is null, an empty array is empty.
    ///
    /// Where the queue is full, waits for room up to `timeout`. `partition` nil leaves the choice to the hash of the
    /// key; `timestamp` nil to the clock.
    public func send(
        topic: String, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]?, headers: [Header] = [],
        timestamp: Int64? = nil, timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        try send(
            topic: topic, partition: partition, key: key, value: value,
            rawHeaders: headers.map { (name: Array($0.name.utf8), value: $0.value) }, timestamp: timestamp,
            timeout: timeout)
    }

    /// The same, with headers as bytes.
    public func send(
        topic: String, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]?, rawHeaders: [RawHeader],
        timestamp: Int64? = nil, timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            do throws(KafkaError) {
                return try sendOnce(topic, partition, key, value, rawHeaders, timestamp)
            } catch  where error.code.cValue == RD_KAFKA_RESP_ERR__QUEUE_FULL && ContinuousClock.now < deadline {
                poll(timeout: .milliseconds(100))
            }
        }
    }

    private func sendOnce(
        _ topic: String, _ partition: Int32?, _ key: [UInt8]?, _ value: [UInt8]?, _ headers: [RawHeader],
        _ timestamp: Int64?
    ) throws(KafkaError) {
        let list = rd_kafka_headers_new(headers.count)
        for header in headers {
            // librdkafka copies both.
            header.name.withUnsafeBytes { name in
                withBytes(header.value) { value, count in
                    let text = name.bindMemory(to: CChar.self).baseAddress
                    withUnsafePointer(to: CChar(0)) { nothing in
                        _ = rd_kafka_header_add(list, text ?? nothing, name.count, value, count)
                    }
                }
            }
        }
        let failure = topic.withCString { name in
            withBytes(key) { key, keyCount in
                withBytes(value) { value, valueCount in
                    var arguments = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 7)
                    arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC
                    arguments[0].u.cstr = name
                    arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
                    arguments[1].u.i32 = partition ?? -1
                    arguments[2].vtype = RD_KAFKA_VTYPE_KEY
                    arguments[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: key)
                    arguments[2].u.mem.size = keyCount
                    arguments[3].vtype = RD_KAFKA_VTYPE_VALUE
                    arguments[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: value)
                    arguments[3].u.mem.size = valueCount
                    arguments[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP
                    arguments[4].u.i64 = timestamp ?? 0
                    arguments[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    arguments[5].u.i = RD_KAFKA_MSG_F_COPY
                    arguments[6].vtype = RD_KAFKA_VTYPE_HEADERS
                    arguments[6].u.headers = list
                    return rd_kafka_produceva(client.pointer, &arguments, arguments.count)
                }
            }
        }
        guard let failure else { return }
        // On success librdkafka owns the headers, on failure we still do.
        rd_kafka_headers_destroy(list)
        throw KafkaError(taking: failure, operation: "send to \(topic)", redactor: bridge.redactor)
    }

    /// Serves delivery reports, errors and logs; `send` does it only where the queue is full.
    public func poll(timeout: Duration = .zero) {
        var wait = timeout.millisecondsForC
        while let event = rd_kafka_queue_poll(queue, wait) {
            defer { rd_kafka_event_destroy(event) }
            wait = 0
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_DR: noteDeliveries(event)
            case RD_KAFKA_EVENT_LOG: bridge.log(event: event)
            case RD_KAFKA_EVENT_ERROR:
                let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
                let error = KafkaError(
                    rd_kafka_event_error(event), operation: "produce", message: text, redactor: bridge.redactor)
                bridge.logger.warning("\(error)")
            default: break
            }
        }
    }

    private func noteDeliveries(_ event: OpaquePointer) {
        // The messages belong to the event.
        while let message = rd_kafka_event_message_next(event) {
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                deliveredCount += 1
                var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
                _ = rd_kafka_message_timestamp(message, &type)
                if type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME { appendTimeCount += 1 }
            } else {
                failedCount += 1
                lastFailure = KafkaError(message.pointee.err, operation: "deliver", redactor: bridge.redactor)
            }
        }
    }

    /// Waits until the queue is empty. Throws where events failed since the last flush, or the time is over.
    public func flush(timeout: Duration = .seconds(30)) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        // Delivery reports count as queued until they are polled.
        while rd_kafka_outq_len(client.pointer) > 0 {
            guard ContinuousClock.now < deadline else {
                let left = rd_kafka_outq_len(client.pointer)
                throw KafkaError(
                    .timedOut, operation: "flush", message: "\(left) events are not delivered", isRetriable: true)
            }
            // Starts whatever lingers; with events enabled it does not serve them.
            rd_kafka_flush(client.pointer, 0)
            poll(timeout: .milliseconds(50))
        }
        defer { failedCountReported = failedCount }
        if failedCount > failedCountReported, let lastFailure { throw lastFailure }
    }

    /// Drops what is queued and on the wire; that is no failure.
    public func purge() {
        rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        poll()
        failedCountReported = failedCount
    }
}

/// Runs `body` with C's idea of optional bytes: null for nil, an address with length 0 for empty.
private func withBytes<Result>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result) -> Result {
    guard let bytes else { return body(nil, 0) }
    guard !bytes.isEmpty else {
        var nothing: UInt8 = 0
        return withUnsafeBytes(of: &nothing) { body($0.baseAddress, 0) }
    }
    return bytes.withUnsafeBytes { body($0.baseAddress, $0.count) }
}
