import Formats
import LakeModel
import Maintenance

/// Decides line by line what `varve cat` prints of one object.
struct EventPicker {
    private let selection: EventSelection
    private let isEnvelope: Bool
    /// Nil where no line of this object can lie outside the times asked for.
    private let times: TimeSpan?
    private let eventTime: StoredEventTime
    /// Whether events were placed by their time, in the span that the catalog states.
    private let hasPlace: Bool
    private let path: String
    private let envelopes = EnvelopeReader()
    private var coordinates = CoordinateReader()

    init(selection: EventSelection, object: DataObject) {
        (self.selection, isEnvelope, path) = (selection, object.format != .value, object.path)
        let asked = selection.filter.times(now: selection.now)
        let isInside = object.eventTime.map { $0.min >= asked.min && $0.max <= asked.max } ?? false
        times = selection.needsTime && !isInside ? asked : nil
        eventTime = StoredEventTime(layout: selection.layout, object: object)
        hasPlace = object.eventTime != nil && object.side != .deadLetter
    }

    /// Calls `emit` with what to print of this line, if anything; true where it did.
    mutating func pick(
        _ line: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        guard isEnvelope else {
            if let times, let time = eventTime.ofValueLine(line), !times.contains(time) { return false }
            try emit(line)
            return true
        }
        guard try matchesCoordinates(line) else { return false }
        guard selection.raw || selection.needsEvent || times != nil else {
            try emit(line)
            return true
        }
        let event: StoredEvent
        do {
            event = try envelopes.read(line)
        } catch {
            throw ReadError.damaged(path: path, reason: error.description)
        }
        guard selection.matches(event) else { return false }
        guard try isInTime(event) else { return false }
        guard selection.raw else {
            try emit(line)
            return true
        }
        guard let value = event.value else { return false }
        try value.withUnsafeBytes(emit)
        return true
    }

    private func isInTime(_ event: StoredEvent) throws(MaintenanceError) -> Bool {
        guard let times else { return true }
        let own = eventTime.of(event)
        // Dead letters have Kafka's time, whatever their place.
        guard hasPlace else { return own.map(times.contains) ?? false }
        guard let answer = eventTime.lies(in: times, own) else { throw StoredEventTime.otherRule }
        return answer
    }

    private mutating func matchesCoordinates(_ line: UnsafeRawBufferPointer) throws(ReadError) -> Bool {
        let filter = selection.filter
        guard filter.topic != nil || filter.offsets != nil else { return true }
        guard let (source, offset) = coordinates.read(line) else {
            throw .damaged(path: path, reason: "it holds a line that is no envelope")
        }
        if let topic = filter.topic, topic != source.topic { return false }
        if let partition = filter.partition, partition != source.partition { return false }
        return filter.offsets?.range.contains(offset) ?? true
    }
}
