public import LakeModel

/// A stored event that is lent from the line it stands in: good until its reader reads another line, and no longer
/// than the line is there.
public struct LentEvent {
    /// Its `source` numbers the topic partitions of one reader: where it is another than before, so is
    /// `EnvelopeReader.topicPartition`. Its headers are `EnvelopeReader.headers`.
    public var event: Event
    /// Only in dead letters: UTF-8.
    public var reason, detail: UnsafeRawBufferPointer?
    /// What `EnvelopeReader.parser` judged the payload to be; nil where it judged none, or not quite these bytes.
    public var known: JSONOutcome?
}

/// The headers of the line that was read last.
final class LineHeaders: EventHeaders {
    struct Header {
        var name: UnsafeRawBufferPointer
        var value: UnsafeRawBufferPointer?
    }

    var all: [Header] = []

    func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
        for header in all { body(header.name, header.value) }
    }
}
