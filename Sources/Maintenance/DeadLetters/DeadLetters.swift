public import Catalog
public import Formats
public import LakeModel

/// One event of the dead-letter side.
public struct DeadLetter: Sendable {
    public var event: StoredEvent
    /// It was sent again before.
    public var isReplayed: Bool
    /// The object that holds it.
    public var path: String
}

/// Reads the dead-letter side of a table.
public struct DeadLetters: Sendable {
    /// The label of objects whose events were sent again.
    public static let replayedTag = "replayed"

    public let table: Table
    public var selection: RestoreSelection
    public var formats: RowFormats

    public init(table: Table, selection: RestoreSelection, formats: RowFormats = .lines) {
        (self.table, self.selection, self.formats) = (table, selection, formats)
        self.selection.side = .deadLetter
    }

    /// Hands out the dead letters that match, object by object in the order of hours and paths; false from `body`
    /// ends it.
    public func forEach(_ body: (DeadLetter) throws -> Bool) async throws {
        struct Enough: Error {}
        let snapshot = try await table.snapshot()
        let matcher = RestoreMatcher(selection)
        let envelopes = EnvelopeReader()
        do {
            for object in try await snapshot.objects(selection.query) where selection.admits(object) {
                guard let reader = formats.reader(object.format, table.store, table.name) else {
                    throw MaintenanceError.unsupported(
                        "objects of format \(object.format.rawValue) cannot be read as dead letters")
                }
                let time = StoredEventTime(layout: snapshot.head.layout, object: object)
                let isReplayed = object.tags.contains(Self.replayedTag)
                let sources = RowSources(of: [object])
                try await reader.forEachRow(
                    of: object, sources: sources,
                    { row in
                        guard selection.admits(row, sources), try matcher.matches(row, time: time) else { return }
                        let event = try envelopes.read(row.line)
                        let letter = DeadLetter(event: event, isReplayed: isReplayed, path: object.path)
                        if try !body(letter) { throw Enough() }
                    }, pause: {})
            }
        } catch is Enough {}
    }
}

extension RestoreSelection {
    /// Whether topic partition and offset of a row are asked for.
    func admits(_ row: StoredRow, _ sources: RowSources) -> Bool {
        guard let front = row.front, sources.all.indices.contains(Int(front.source)) else { return true }
        return admits(sources.all[Int(front.source)]) && offsets?.contains(front.offset) != false
    }
}

/// Counts of dead letters that have something in common.
public struct DeadLetterCount: Hashable, Sendable {
    public var reason: String
    public var topic: String
    /// The hour of the lake's partition by Kafka's timestamp, in UTC; nil where hours are not told apart.
    public var hour: LakeHour?
    public var events: Int64 = 0
    public var replayed: Int64 = 0
    /// Of keys, values and headers.
    public var bytes: Int64 = 0
    public var first: Timestamp?
    public var last: Timestamp?
    /// The coordinates of one of them, for `varve dlq show`.
    public var example: String
}

/// Adds dead letters up.
public struct DeadLetterTally: Sendable {
    private struct Key: Hashable {
        var reason: String
        var topic: String
        var hour: LakeHour?
    }

    /// Distinct counts; reasons and topics are few, hours may not be.
    public static let countsMax = 100_000

    private let byHour: Bool
    private var counts: [Key: DeadLetterCount] = [:]

    public init(byHour: Bool) {
        self.byHour = byHour
    }

    public mutating func add(_ letter: DeadLetter) throws(MaintenanceError) {
        let event = letter.event
        var hour: LakeHour?
        if byHour, let time = event.timestamp {
            let inDay = time.milliseconds - Int64(time.day.daysSinceEpoch) * 86_400_000
            hour = LakeHour(date: time.day, hour: UInt8(clamping: inDay / 3_600_000))
        }
        let reason = event.reason ?? ""
        let key = Key(reason: reason, topic: event.topicPartition.topic, hour: hour)
        guard counts[key] != nil || counts.count < Self.countsMax else {
            throw .invalid("more than \(Self.countsMax) different counts; narrow the selection")
        }
        var count =
            counts[key]
            ?? DeadLetterCount(
                reason: reason, topic: key.topic, hour: hour, example: "\(event.topicPartition)/\(event.offset)")
        count.events += 1
        if letter.isReplayed { count.replayed += 1 }
        count.bytes &+= Int64(event.payloadBytes)
        if let time = event.timestamp {
            count.first = min(count.first ?? time, time)
            count.last = max(count.last ?? time, time)
        }
        counts[key] = count
    }

    /// The most frequent first; hour by hour where they are counted apart.
    public var sorted: [DeadLetterCount] {
        counts.values.sorted { a, b in
            if byHour, a.hour != b.hour { return a.hour.map { hour in b.hour.map { hour < $0 } ?? false } ?? true }
            return a.events == b.events
                ? (a.topic, a.reason, a.first?.milliseconds ?? 0) < (b.topic, b.reason, b.first?.milliseconds ?? 0)
                : a.events > b.events
        }
    }
}
