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
        case .envelope, .parquet: return
        case .value:
            guard needsEnvelope, !isWhollyAsked(object) else { return }
            throw CommandFailure(
                .usage, "value lines carry no topic, offset, key or header", at: "table \(table)",
                fix: "leave --topic, --offsets, --key, --header and --trace out, or use the format envelope")
        }
    }

    /// Whether the topic, and its partition, are asked for and all events of the object are of it: files that were
    /// adopted with their offsets.
    private func isWhollyAsked(_ object: DataObject) -> Bool {
        guard let topic = filter.topic, filter.offsets == nil, !needsEvent, !object.offsets.isEmpty
        else { return false }
        return object.offsets.allSatisfy { $0.topic == topic && $0.partition == filter.partition ?? $0.partition }
    }

    /// What lets row groups of a Parquet object be passed over.
    func parquetFilters(for object: DataObject) -> [ParquetFilter] {
        guard object.format == .parquet, let prefix = object.envelopePrefix else { return [] }
        func path(_ name: String) -> [String] { [prefix + name] }
        var filters: [ParquetFilter] = []
        if let key { filters.append(ParquetFilter(path("key"), .equal(.string(key)))) }
        if let topic = filter.topic { filters.append(ParquetFilter(path("topic"), .equal(.string(topic)))) }
        if let partition = filter.partition {
            filters.append(ParquetFilter(path("partition"), .equal(.int32(partition))))
        }
        if let range = filter.offsets?.range {
            filters.append(ParquetFilter(path("offset"), .atLeast(.int64(range.lowerBound))))
            filters.append(ParquetFilter(path("offset"), .atMost(.int64(range.upperBound - 1))))
        }
        // Not by time: the table may have had another rule when the object was written.
        return filters
    }

    /// False where the catalog's bounds of its columns rule out that it holds what is asked for.
    func mayMatch(_ object: DataObject) -> Bool {
        guard let key else { return true }
        return object.keyStatistics?.mayHold(text: key) ?? true
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
