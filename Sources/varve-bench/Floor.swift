import ArgumentParser
import CRDKafka
import CZstd
import Glibc

/// The least that reading a topic and compressing it can cost: librdkafka's batches into one zstd stream, one file.
struct Floor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a whole topic and compresses it in process: the floor under any consumer.")

    @Option(help: "host:port,…")
    var brokers: String

    @Option(help: "The topic, read from its start to the end that it has.")
    var topic: String

    @Option(help: "The compressed file.")
    var out = "/dev/null"

    @Option(help: "zstd's level.")
    var level: Int32 = 3

    func run() throws {
        let kafka = try RawKafka(
            .consumer,
            [
                "bootstrap.servers": brokers, "group.id": "varve-bench-floor", "enable.auto.commit": "false",
                "enable.partition.eof": "true", "queued.max.messages.kbytes": "65536", "auto.offset.reset": "earliest",
            ])
        let partitions = try kafka.partitionCount(of: topic)
        let list = rd_kafka_topic_partition_list_new(partitions)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for partition in 0..<partitions {
            rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
        }
        rd_kafka_assign(kafka.handle, list)
        guard let queue = rd_kafka_queue_get_consumer(kafka.handle) else {
            throw RawKafka.Failure(description: "librdkafka has no consumer queue")
        }
        defer { rd_kafka_queue_destroy(queue) }
        var writer = try ZstdFile(out, level: level)
        let events = try drain(queue, partitions: Int(partitions), into: &writer)
        let total = try writer.finish()
        print(#"{"events":\#(events),"payload_bytes":\#(total.read),"compressed_bytes":\#(total.written)}"#)
    }

    private func drain(_ queue: OpaquePointer, partitions: Int, into writer: inout ZstdFile) throws -> Int {
        var messages = [UnsafeMutablePointer<rd_kafka_message_t>?](repeating: nil, count: 4096)
        var (events, ended) = (0, 0)
        while ended < partitions {
            let count = rd_kafka_consume_batch_queue(queue, 1000, &messages, messages.count)
            guard count >= 0 else { throw RawKafka.Failure(description: "consume failed") }
            for case let message? in messages[..<count] {
                defer { rd_kafka_message_destroy(message) }
                switch message.pointee.err {
                case RD_KAFKA_RESP_ERR_NO_ERROR:
                    events += 1
                    try writer.line(UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len))
                case RD_KAFKA_RESP_ERR__PARTITION_EOF:
                    ended += 1
                default:
                    throw RawKafka.Failure(description: String(cString: rd_kafka_err2str(message.pointee.err)))
                }
            }
        }
        return events
    }
}

/// Lines into one zstd frame in a file. Input is gathered in chunks: a call of zstd per line costs far more.
struct ZstdFile: ~Copyable {
    private let context: OpaquePointer
    private let file: UnsafeMutablePointer<FILE>
    private let input: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer
    private var used = 0
    private var read = 0
    private var written = 0

    init(_ path: String, level: Int32) throws {
        guard let context = ZSTD_createCCtx() else { throw RawKafka.Failure(description: "no memory for zstd") }
        guard let file = fopen(path, "w") else {
            ZSTD_freeCCtx(context)
            throw RawKafka.Failure(description: "\(path) cannot be written")
        }
        _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        (self.context, self.file) = (context, file)
        input = .allocate(byteCount: 1 << 20, alignment: 64)
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)
    }

    deinit {
        ZSTD_freeCCtx(context)
        fclose(file)
        input.deallocate()
        output.deallocate()
    }

    mutating func line(_ bytes: UnsafeRawBufferPointer) throws {
        if used + bytes.count + 1 > input.count { try compress(ZSTD_e_continue) }
        guard bytes.count < input.count else { throw RawKafka.Failure(description: "an event of over 1 MiB") }
        UnsafeMutableRawBufferPointer(rebasing: input[used...]).copyMemory(from: bytes)
        input[used + bytes.count] = UInt8(ascii: "\n")
        used += bytes.count + 1
        read += bytes.count
    }

    mutating func finish() throws -> (read: Int, written: Int) {
        try compress(ZSTD_e_end)
        return (read, written)
    }

    private mutating func compress(_ directive: ZSTD_EndDirective) throws {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: used, pos: 0)
        var rest = 1
        repeat {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            rest = ZSTD_compressStream2(context, &target, &source, directive)
            guard ZSTD_isError(rest) == 0, fwrite(output.baseAddress, 1, target.pos, file) == target.pos else {
                throw RawKafka.Failure(description: "compressing failed")
            }
            written += target.pos
        } while directive == ZSTD_e_end ? rest > 0 : source.pos < source.size
        used = 0
    }
}
