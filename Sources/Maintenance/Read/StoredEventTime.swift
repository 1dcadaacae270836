import Foundation
public import Formats
public import LakeModel

/// The event time of events that are read back, by the rule that placed them.
///
/// The layout names the field or header but not the unit of its numbers. The unit is the one that puts the number
/// into the span of event times that the catalog states for the object.
public struct StoredEventTime: Sendable {
    private enum Origin {
        case kafka
        case field([String])
        case header(String)
    }

    private let origin: Origin
    private let span: TimeSpan?
    private let isDeadLetter: Bool

    public init(layout: TableLayout?, object: DataObject) {
        let text = object.side == .deadLetter ? "kafka" : layout?.time ?? "kafka"
        (span, isDeadLetter) = (object.eventTime, object.side == .deadLetter)
        if text.hasPrefix("field:/") {
            let names = text.dropFirst(7).split(separator: "/", omittingEmptySubsequences: false)
            // RFC 6901: ~1 is a slash, ~0 a tilde, in that order.
            origin = .field(names.map { String($0.replacing("~1", with: "/").replacing("~0", with: "~")) })
        } else if text.hasPrefix("header:") {
            origin = .header(String(text.dropFirst(7)))
        } else {
            origin = .kafka
        }
    }

    /// Nil where the event does not tell.
    public func of(_ event: StoredEvent) -> Timestamp? {
        switch origin {
        case .kafka:
            // -1 says that there is none (RecordBatch.NO_TIMESTAMP).
            guard let time = event.timestamp, time.milliseconds != -1 else { return nil }
            return Timestamp(milliseconds: PartitionCalendar.clamped(time.milliseconds))
        case .field(let names):
            return event.value.flatMap { value(at: names, in: Data($0)) }
        case .header(let name):
            let header = event.headers.last { $0.name.elementsEqual(name.utf8) }
            return header?.value.flatMap { time(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// Nil where the line does not tell.
    public func ofValueLine(_ line: UnsafeRawBufferPointer) -> Timestamp? {
        guard case .field(let names) = origin else { return nil }
        return value(at: names, in: Data(line))
    }

    /// What to say where `lies` does not know.
    public static let otherRule = MaintenanceError.unsupported(
        "an event was placed by another rule than the table's partition.time of now, which cannot tell its time; "
            + "choose by hour or offsets instead")

    /// Whether an event of the object with this time lies in `times`; nil where the rule does not tell, because it is
    /// not the one that placed the event: a table can change its rule.
    public func lies(in times: TimeSpan, _ own: @autoclosure () -> Timestamp?) -> Bool? {
        guard let span else { return false }
        if times.contains(span.min), times.contains(span.max) { return true }
        guard let own = own(), span.contains(own) else { return isDeadLetter ? false : nil }
        return times.contains(own)
    }

    private func value(at names: [String], in payload: Data) -> Timestamp? {
        guard var found = try? JSONSerialization.jsonObject(with: payload, options: .fragmentsAllowed) else {
            return nil
        }
        for name in names {
            if let object = found as? [String: Any], let inner = object[name] {
                found = inner
            } else if let array = found as? [Any], let index = Int(name), array.indices.contains(index) {
                found = array[index]
            } else {
                return nil
            }
        }
        if let text = found as? String { return time(text) }
        return (found as? NSNumber).flatMap { time($0.stringValue) }
    }

    /// RFC 3339 text, or seconds, milliseconds, microseconds or nanoseconds, whichever lies in the object's span.
    private func time(_ text: String) -> Timestamp? {
        if let time = Timestamp(text) { return time }
        guard let span else { return nil }
        var text = text
        return text.withUTF8 { bytes in
            EventTimeRule.Unit.ofNumbers.lazy.compactMap { $0.milliseconds(UnsafeRawBufferPointer(bytes)) }
                .map(Timestamp.init(milliseconds:)).first(where: span.contains)
        }
    }
}

extension TimeSpan {
    /// Whether a time lies from the first to the last, both in it.
    public func contains(_ time: Timestamp) -> Bool { time >= min && time <= max }
}
