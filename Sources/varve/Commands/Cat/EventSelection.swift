import Catalog
import Formats
import LakeModel

/// Which events `varve cat` prints, and how.
struct EventSelection: Sendable {
    var filter: ObjectFilter
    var key: String?
    /// The header that events must have, and with which value; nil for any.
    var header: HeaderArgument?
    /// The trace that events must belong to: 32 lower-case hex digits.
    var trace: String?
    var raw: Bool
    var layout: TableLayout?
    var now: Timestamp

    /// True where lines have to be looked into.
    var needsEnvelope: Bool { filter.topic != nil || filter.offsets != nil || needsEvent }

    /// True where events have to be read whole.
    var needsEvent: Bool { key != nil || header != nil || trace != nil }
    var needsTime: Bool { filter.from != nil || filter.to != nil }

    /// Throws where the object's format cannot answer what is asked.
    func check(_ object: DataObject, table: TableAddress) throws(CommandFailure) {
        switch object.format {
        case .envelope: return
        case .value:
            guard needsEnvelope else { return }
            throw CommandFailure(
                .usage, "value lines carry no topic, offset, key or header", at: "table \(table)",
                fix: "leave --topic, --offsets, --key, --header and --trace out, or use the format envelope")
        case .parquet:
            throw CommandFailure(
                .usage, "Parquet cannot be printed as lines", at: "table \(table)", fix: "read it with a query engine")
        }
    }

    /// Whether an event has the key and the headers asked for.
    func matches(_ event: StoredEvent) -> Bool {
        if let key, event.key.map({ $0.elementsEqual(key.utf8) }) != true { return false }
        if let header, !event.headers.contains(where: header.matches) { return false }
        guard let trace else { return true }
        return event.headers.contains { header in
            header.name.elementsEqual("traceparent".utf8) && header.value.flatMap(TraceParent.init)?.traceID == trace
        }
    }

    func picker(for object: DataObject) -> EventPicker {
        EventPicker(selection: self, object: object)
    }
}
