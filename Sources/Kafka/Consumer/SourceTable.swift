internal import LakeModel

/// What the per-event loop needs to know of one topic partition.
struct SourceState {
    var isOwned: Bool
    /// The least offset that may come next; a lower one was handed over already or belongs to an older assignment.
    var next: Int64
    /// Where it was started: an offset, or librdkafka's number for the beginning or the end.
    var start: Int64
}

/// Gives each topic partition its index, for good, and remembers which are owned and where they stand.
///
/// The states live in raw memory so that the per-event loop reads and writes them without exclusivity checks.
struct SourceTable: ~Copyable {
    private(set) var partitions: [TopicPartition] = []
    private var indices: [TopicPartition: Int32] = [:]
    private var storage: UnsafeMutableBufferPointer<SourceState>

    init() {
        storage = .allocate(capacity: 16)
    }

    deinit {
        // SourceState is trivial: nothing to deinitialise.
        storage.deallocate()
    }

    /// Valid until the next call of a mutating method.
    var states: UnsafeMutablePointer<SourceState>? { storage.baseAddress }

    func existing(_ partition: TopicPartition) -> Int32? { indices[partition] }

    func partition(of source: Int32) -> TopicPartition? {
        partitions.indices.contains(Int(source)) ? partitions[Int(source)] : nil
    }

    mutating func index(of partition: TopicPartition) -> Int32 {
        if let known = indices[partition] { return known }
        let index = partitions.count
        if index == storage.count {
            let larger = UnsafeMutableBufferPointer<SourceState>.allocate(capacity: storage.count * 2)
            _ = larger.moveInitialize(fromContentsOf: storage[..<index])
            storage.deallocate()
            storage = larger
        }
        storage.initializeElement(at: index, to: SourceState(isOwned: false, next: 0, start: 0))
        partitions.append(partition)
        indices[partition] = Int32(index)
        return Int32(index)
    }

    mutating func own(_ partition: TopicPartition, from offset: Int64) {
        // First the index: it may move the storage.
        let index = Int(index(of: partition))
        storage[index] = SourceState(isOwned: true, next: max(0, offset), start: offset)
    }

    mutating func disown(_ partition: TopicPartition) {
        guard let index = indices[partition] else { return }
        storage[Int(index)].isOwned = false
    }

    func isOwned(_ partition: TopicPartition) -> Bool {
        indices[partition].map { storage[Int($0)].isOwned } ?? false
    }

    /// Where an owned topic partition goes on: after its last event, or where it was started.
    func position(of partition: TopicPartition) -> Int64 {
        guard let index = indices[partition] else { return 0 }
        let state = storage[Int(index)]
        return state.next > max(0, state.start) ? state.next : state.start
    }

    var owned: [TopicPartition] { partitions.filter { isOwned($0) } }
}
