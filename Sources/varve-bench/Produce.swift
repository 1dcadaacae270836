import ArgumentParser
import CRDKafka
import SampleEvents

/// Sends sample events to a topic, with their event time as the Kafka timestamp.
struct Produce: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sends sample events to a Kafka topic that exists.")

    @OptionGroup var sample: SampleArguments

    @Option(help: "host:port,…")
    var brokers: String

    @Option(help: "The topic; events go to partitions by the hash of their key.")
    var topic: String

    @Option(help: "How batches are compressed: none, lz4, zstd, …")
    var codec = "none"

    func run() throws {
        let kafka = try RawKafka(
            .producer,
            [
                "bootstrap.servers": brokers, "compression.codec": codec, "linger.ms": "20", "batch.size": "1000000",
                "queue.buffering.max.messages": "200000", "acks": "all",
            ])
        guard let target = rd_kafka_topic_new(kafka.handle, topic, nil) else {
            throw RawKafka.Failure(description: "\(topic) is no name for a topic")
        }
        defer { rd_kafka_topic_destroy(target) }
        let bytes = try sendAll(to: target, kafka.handle)
        let error = rd_kafka_flush(kafka.handle, 120_000)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_outq_len(kafka.handle) == 0 else {
            throw RawKafka.Failure(
                description: "not all events were taken: \(String(cString: rd_kafka_err2str(error)))")
        }
        print(#"{"events":\#(sample.events),"payload_bytes":\#(bytes)}"#)
    }

    private func sendAll(to target: OpaquePointer, _ handle: OpaquePointer) throws -> Int {
        let events = SampleEvents(sample.options)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SampleEvents.eventBytesMax, alignment: 64)
        defer { buffer.deallocate() }
        var bytes = 0
        for index in 0..<sample.events {
            let event = events.write(index, to: buffer)
            while true {
                let error = send(event, from: buffer, to: target, handle)
                if error == RD_KAFKA_RESP_ERR_NO_ERROR { break }
                guard error == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
                    throw RawKafka.Failure(description: String(cString: rd_kafka_err2str(error)))
                }
                rd_kafka_poll(handle, 50)
            }
            bytes += event.value?.count ?? 0
            if index & 1023 == 0 { rd_kafka_poll(handle, 0) }
        }
        return bytes
    }

    /// `rd_kafka_produceva` copies key and value before it returns (RD_KAFKA_MSG_F_COPY).
    private func send(
        _ event: SampleEvent, from buffer: UnsafeMutableRawBufferPointer, to target: OpaquePointer,
        _ handle: OpaquePointer
    ) -> rd_kafka_resp_err_t {
        var fields = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 5)
        fields[0].vtype = RD_KAFKA_VTYPE_RKT
        fields[0].u.rkt = target
        fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS
        fields[1].u.i = RD_KAFKA_MSG_F_COPY
        fields[2].vtype = RD_KAFKA_VTYPE_TIMESTAMP
        fields[2].u.i64 = event.timestamp
        fields[3].vtype = RD_KAFKA_VTYPE_KEY
        fields[3].u.mem.ptr = event.key.flatMap { buffer.baseAddress?.advanced(by: $0.lowerBound) }
        fields[3].u.mem.size = event.key?.count ?? 0
        fields[4].vtype = RD_KAFKA_VTYPE_VALUE
        fields[4].u.mem.ptr = event.value.flatMap { buffer.baseAddress?.advanced(by: $0.lowerBound) }
        fields[4].u.mem.size = event.value?.count ?? 0
        guard let error = rd_kafka_produceva(handle, fields, fields.count) else { return RD_KAFKA_RESP_ERR_NO_ERROR }
        defer { rd_kafka_error_destroy(error) }
        return rd_kafka_error_code(error)
    }
}
