internal import CRDKafka
public import LakeModel

/// What a group keeps for one topic partition: an offset, and a note that only its writer understands.
public struct GroupPosition: Hashable, Sendable {
    public var offset: Int64
    /// Brokers take 4,096 bytes unless `offset.metadata.max.bytes` says otherwise.
    public var note: String

    public init(offset: Int64, note: String = "") {
        (self.offset, self.note) = (offset, note)
    }
}

extension KafkaConsumer {
    /// What the consumer's group keeps for these topic partitions; those without a position are absent. The consumer
    /// need not be a member. Waits for open transactions that change them.
    public func groupPositions(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: GroupPosition] {
        let list = PartitionList(partitions)
        let code = rd_kafka_committed(handle.client, list.pointer, timeout.millisecondsForC)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw error(code, "positions of the group") }
        var found: [TopicPartition: GroupPosition] = [:]
        for index in 0..<Int(list.pointer.pointee.cnt) {
            let element = list.pointer.pointee.elems[index]
            let source = TopicPartition(
                topic: element.topic.map { String(cString: $0) } ?? "", partition: element.partition)
            guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw error(element.err, "position of the group in \(source)")
            }
            guard element.offset >= 0 else { continue }
            // The note belongs to the list, which is alive.
            let note = UnsafeRawBufferPointer(start: element.metadata, count: element.metadata_size)
            found[source] = GroupPosition(offset: element.offset, note: String(decoding: note, as: UTF8.self))
        }
        return found
    }

    /// Keeps positions for the consumer's group, which must have no members; waits for the broker's answer.
    public func setGroupPositions(_ positions: [TopicPartition: GroupPosition]) throws(KafkaError) {
        let list = PartitionList(capacity: positions.count)
        for (source, position) in positions { list.append(source, position) }
        let code = rd_kafka_commit(handle.client, list.pointer, 0)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw error(code, "keep positions of the group") }
        try throwFirstError(of: list, "keep positions of the group")
    }
}
