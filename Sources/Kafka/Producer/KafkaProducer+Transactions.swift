internal import CRDKafka
public import LakeModel

/// Transactions, for a producer whose properties have a `transactional.id`.
extension KafkaProducer {
    /// Fences older producers with the same id. Once, before everything else.
    public func initTransactions(timeout: Duration = .seconds(30)) throws(KafkaError) {
        let result = rd_kafka_init_transactions(client.pointer, timeout.millisecondsForC)
        try KafkaError.check(taking: result, "init transactions")
    }

    public func beginTransaction() throws(KafkaError) {
        try KafkaError.check(taking: rd_kafka_begin_transaction(client.pointer), "begin transaction")
    }

    /// Makes positions of a group a part of the transaction: they are kept if, and only if, its events are (KIP-98).
    ///
    /// The group needs no members. Its topic partitions have to exist on the cluster.
    public func sendPositions(
        _ positions: [TopicPartition: GroupPosition], ofGroup group: String, timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let list = PartitionList(capacity: positions.count)
        for (source, position) in positions { list.append(source, position) }
        guard let metadata = rd_kafka_consumer_group_metadata_new(group) else {
            throw KafkaError(.invalidArgument, operation: "group \(group)", message: "not a group's name")
        }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        let result = rd_kafka_send_offsets_to_transaction(
            client.pointer, list.pointer, metadata, timeout.millisecondsForC)
        try KafkaError.check(taking: result, "keep positions of group \(group)")
    }

    /// Flushes and commits. On an error that `isRetriable` call it again; on another one abort.
    public func commitTransaction(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try flush(timeout: timeout)
        let result = rd_kafka_commit_transaction(client.pointer, timeout.millisecondsForC)
        try KafkaError.check(taking: result, "commit transaction")
    }

    /// Throws the transaction's events away; those already on a broker are hidden from `read_committed`.
    ///
    /// With `flushFirst`, what is queued is sent before, so that the log holds the aborted events.
    public func abortTransaction(flushFirst: Bool = false, timeout: Duration = .seconds(30)) throws(KafkaError) {
        if flushFirst { try flush(timeout: timeout) } else { purge() }
        let result = rd_kafka_abort_transaction(client.pointer, timeout.millisecondsForC)
        try KafkaError.check(taking: result, "abort transaction")
    }
}
