internal import CRDKafka
internal import Glibc
internal import LakeModel

/// Owns an `rd_kafka_topic_partition_list_t`.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 0) {
        pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
    }

    init(_ partitions: some Collection<TopicPartition>) {
        self.init(capacity: partitions.count)
        for partition in partitions { append(partition) }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    func append(_ source: TopicPartition, offset: Int64 = Int64(RD_KAFKA_OFFSET_INVALID)) {
        // The new element belongs to the list; librdkafka copies the name.
        let element = rd_kafka_topic_partition_list_add(pointer, source.topic, source.partition)
        element?.pointee.offset = offset
    }

    /// Appends a position with its note.
    func append(_ source: TopicPartition, _ position: GroupPosition) {
        let element = rd_kafka_topic_partition_list_add(pointer, source.topic, source.partition)
        element?.pointee.offset = position.offset
        let note = Array(position.note.utf8)
        // The list frees the note with free(3), so it is allocated with malloc(3).
        guard !note.isEmpty, let copy = malloc(note.count) else { return }
        copy.copyMemory(from: note, byteCount: note.count)
        element?.pointee.metadata = copy
        element?.pointee.metadata_size = note.count
    }

    func append(topic: String) {
        rd_kafka_topic_partition_list_add(pointer, topic, -1)
    }

    var elements: [(source: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        Self.elements(of: pointer)
    }

    /// Copies a list that somebody else owns.
    static func elements(of list: UnsafePointer<rd_kafka_topic_partition_list_t>?)
        -> [(source: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)]
    {
        guard let list, let start = list.pointee.elems else { return [] }
        return UnsafeBufferPointer(start: start, count: Int(list.pointee.cnt)).map { element in
            let topic = element.topic.map { String(cString: $0) } ?? ""
            return (TopicPartition(topic: topic, partition: element.partition), element.offset, element.err)
        }
    }

    static func elements(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?)
        -> [(source: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)]
    {
        elements(of: UnsafePointer(list))
    }
}
