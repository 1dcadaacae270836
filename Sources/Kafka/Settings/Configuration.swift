internal import CRDKafka

/// Owns an `rd_kafka_conf_t` until a client takes it.
struct Configuration: ~Copyable {
    private let pointer: OpaquePointer
    private let wantsTokens: Bool

    /// Throws for an unknown property or a value that librdkafka refuses; nothing leaks.
    init(
        _ properties: [(name: String, value: String)], events: Int32, tokens: (any KafkaTokenSource)? = nil
    ) throws(KafkaError) {
        let redactor = Redactor(properties: properties)
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: "kafka settings")
        }
        for (name, value) in properties {
            let (result, text) = withErrorText { rd_kafka_conf_set(conf, name, value, $0, $1) }
            guard result == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(conf)
                throw KafkaError(
                    RD_KAFKA_RESP_ERR__INVALID_ARG, operation: "kafka property \(name)", message: text,
                    redactor: redactor)
            }
        }
        rd_kafka_conf_set_events(conf, events)
        if let tokens { TokenRefresh(tokens).install(in: conf) }
        (pointer, wantsTokens) = (conf, tokens != nil)
    }

    deinit {
        rd_kafka_conf_destroy(pointer)
    }

    /// Starts a client. librdkafka takes the configuration on success only; on failure it is freed here.
    consuming func makeClient(_ type: rd_kafka_type_t, _ redactor: Redactor) throws(KafkaError) -> OpaquePointer {
        let (conf, wantsTokens) = (pointer, wantsTokens)
        let (client, text) = withErrorText { rd_kafka_new(type, conf, $0, $1) }
        guard let client else {
            let code = rd_kafka_last_error()
            _ = consume self
            throw KafkaError(code, operation: "kafka client", message: text, redactor: redactor)
        }
        discard self
        if wantsTokens {
            do throws(KafkaError) {
                try TokenRefresh.start(for: client)
            } catch {
                rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
                throw error
            }
        }
        return client
    }
}

/// Owns a producer-type client: used by the producer, the admin client and the mock cluster.
struct ClientHandle: ~Copyable {
    let pointer: OpaquePointer

    init(
        _ properties: [(name: String, value: String)], events: Int32, tokens: (any KafkaTokenSource)? = nil
    ) throws(KafkaError) {
        let redactor = Redactor(properties: properties)
        pointer = try Configuration(properties, events: events, tokens: tokens).makeClient(RD_KAFKA_PRODUCER, redactor)
    }

    deinit {
        // Waits for the client's threads; no queue or topic of this client may be in use any more.
        rd_kafka_destroy(pointer)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up and fitted into what librdkafka takes; never negative.
    var millisecondsForC: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
