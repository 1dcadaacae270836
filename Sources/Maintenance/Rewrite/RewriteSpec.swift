public import LakeModel

/// What to make of some objects of one partition and side.
public struct RewriteSpec: Sendable {
    /// Live objects of one partition, side and format.
    public var inputs: [DataObject]
    public var format: DataFormat
    public var encoding: EncodingOptions
    public var order: RowOrder
    /// A new object is begun when one has reached this size.
    public var targetBytes: Int64
    /// Of several events of one topic partition with the same key only the last stays.
    public var keepsLastOfKey: Bool
    /// Labels of the new objects.
    public var tags: [String]

    public init(
        inputs: [DataObject], format: DataFormat, encoding: EncodingOptions = EncodingOptions(),
        order: RowOrder = .offset, targetBytes: Int64 = .max, keepsLastOfKey: Bool = false, tags: [String] = []
    ) {
        (self.inputs, self.format, self.encoding, self.order) = (inputs, format, encoding, order)
        (self.targetBytes, self.keepsLastOfKey, self.tags) = (targetBytes, keepsLastOfKey, tags)
    }

    public var bytes: Int64 { inputs.reduce(0) { $0 &+ $1.bytes } }
    public var uncompressedBytes: Int64 { inputs.reduce(0) { $0 &+ $1.uncompressedBytes } }
    public var records: Int64 { inputs.reduce(0) { $0 &+ $1.records } }

    /// Whether the rows of the inputs carry coordinates.
    var hasFronts: Bool { inputs.allSatisfy { $0.format != .value } }

    /// Objects in the order in which they are read: by their first offsets.
    var inputsInOrder: [DataObject] {
        inputs.sorted { a, b in
            guard let x = a.offsets.first, let y = b.offsets.first else {
                return a.offsets.isEmpty == b.offsets.isEmpty ? a.path < b.path : a.offsets.isEmpty
            }
            if x.topicPartition != y.topicPartition { return x.topicPartition < y.topicPartition }
            return x.first == y.first ? a.path < b.path : x.first < y.first
        }
    }

    /// Whether reading the inputs one after another gives the wanted order already.
    var isInOrder: Bool {
        guard order != .input, hasFronts else { return true }
        guard order == .offset else { return false }
        let spans = inputsInOrder.map(\.offsets)
        guard spans.allSatisfy({ $0.count == 1 }) else { return false }
        let flat = spans.flatMap(\.self)
        return zip(flat, flat.dropFirst()).allSatisfy { a, b in
            a.topicPartition < b.topicPartition || (a.topicPartition == b.topicPartition && a.last < b.first)
        }
    }
}

/// What a rewrite made.
public struct RewriteResult: Sendable {
    public var outputs: [DataObject] = []
    /// Events that were left out, by topic partition where the format tells it.
    public var dropped: [TopicPartition: Int64] = [:]
    public var droppedRecords: Int64 = 0
    public var requests = RequestCount()

    public var bytes: Int64 { outputs.reduce(0) { $0 &+ $1.bytes } }
}
