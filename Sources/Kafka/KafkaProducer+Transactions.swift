internal import CRDKafka

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
