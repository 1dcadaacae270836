import Compression
import Formats
import LakeModel

/// Decides where each event of one table goes, and writes its line there: the per-event loop.
///
/// Plain synchronous code over borrowed bytes. The usual event costs an offset check, two comparisons against the hour
/// of the event before, and one line writer's append.
final class EventRouter {
    private let settings: TableSettings
    private let calendar: PartitionCalendar
    private let lateAfter: Int64
    private let shards: Int
    private let timeIsKafka: Bool
    private let shardIsFixed: Bool
    private let needsParse: Bool

    private var envelope = EnvelopeWriter()
    private var value = ValueWriter()
    private var deadLetter = DeadLetterWriter()
    private let parser = JSONParser()
    private var prefixes: [Int32: Prefix] = [:]

    /// What rows and lines of one topic partition share.
    private struct Prefix {
        var line: EnvelopePrefix
        var row: RawTablePrefix
    }

    /// The hour of the last event that was on time, and that of the last late one.
    private var onTime: HourLanes?
    private var late: HourLanes?

    init(_ settings: TableSettings) throws(SourceError) {
        guard let calendar = PartitionCalendar(settings.layout) else {
            throw SourceError("table \(settings.name): unknown time zone \(settings.layout.zone): use an IANA name")
        }
        (self.settings, self.calendar) = (settings, calendar)
        lateAfter = settings.late.afterMilliseconds
        shards = settings.layout.shards
        timeIsKafka = settings.time.isKafka
        shardIsFixed = settings.shardRule.isPartition
        needsParse = settings.time.needsPayload || settings.shardRule.needsPayload
    }

    /// The hour is over and its objects are gone.
    func forget(_ lanes: HourLanes) {
        if onTime === lanes { onTime = nil }
        if late === lanes { late = nil }
    }

    var prefixesKept: Int { prefixes.count }

    func forgetPrefixes() {
        prefixes = [:]
    }

    /// One run of events of a single topic partition, in order.
    struct Run {
        let events: UnsafeBufferPointer<Event>.SubSequence
        let headers: any EventHeaders
        let source: Int32
        let name: TopicPartition
        let now: Timestamp
        /// Event times beyond this do not move the watermark.
        let timeMax: Int64
    }

    /// Places the events of the run and moves `state` along; stops early behind an event that filled its object.
    /// Returns how many events of the run are dealt with.
    func place(_ run: Run, state: inout SourceState, table: TableWriter, workshop: Workshop) throws(SourceError) -> Int
    {
        let prefix = prefix(of: run)
        var placed: Int64 = 0
        var payloadBytes = 0
        var seen = 0
        for event in run.events {
            seen += 1
            guard event.offset >= state.next else {
                table.counters.repeated += 1
                continue
            }
            payloadBytes += (event.value?.count ?? 0) + (event.key?.count ?? 0)
            try place(event, run, prefix: prefix, state: &state, table: table, workshop: workshop)
            state.next = event.offset + 1
            placed += 1
            if table.justFilled != nil { break }
        }
        state.events += placed
        state.idleSince = nil
        table.counters.events += placed
        table.counters.payloadBytes += Int64(payloadBytes)
        return seen
    }

    @inline(__always)
    private func place(
        _ event: Event, _ run: Run, prefix: Prefix, state: inout SourceState, table: TableWriter,
        workshop: Workshop
    ) throws(SourceError) {
        // Judged once, whether the place, the line or both need it.
        var known: JSONOutcome?
        if needsParse, let payload = event.value { known = parser.parse(payload) }
        let judged = known?.isValid == true ? parser : nil
        let time: Int64
        switch timeIsKafka ? kafkaTime(event) : settings.time.resolve(event, headers: run.headers, parser: judged) {
        case .success(let value): time = value
        case .failure(let reason):
            return try bury(event, run, prefix: prefix, reason, table: table, workshop: workshop)
        }
        let isLate = state.watermark > Int64.min + lateAfter && time < state.watermark - lateAfter
        if isLate {
            table.counters.late += 1
            if settings.late.policy == .deadLetter {
                return try bury(event, run, prefix: prefix, .late, table: table, workshop: workshop)
            }
        }
        let shard: Int
        if shardIsFixed {
            shard = Int(state.shard)
        } else {
            shard = settings.shardRule.shard(
                of: event, partition: run.name.partition, parser: judged, shards: shards)
        }
        let object = try object(
            time: time, isLate: isLate, shard: shard, side: isLate && settings.late.policy == .separate ? .late : .main,
            first: event, run, table: table, workshop: workshop)
        let outcome: AppendOutcome
        let (memoryBytes, waitingBytes): (Int, Int)
        switch object.content {
        case .lines(let lines):
            outcome = append(event, run, prefix, known, to: lines.buffer)
            (memoryBytes, waitingBytes) = (lines.memoryBytes, lines.waitingBytes)
        case .rows(let content):
            // An open object has it.
            guard let rows = content.rows else { throw SourceError("\(object.path) is sealed") }
            outcome = try append(event, run, prefix, known, to: rows, table: table)
            (memoryBytes, waitingBytes) = (content.memoryBytes, rows.waitingBytes)
        }
        switch outcome {
        case .written:
            object.note(source: run.source, offset: event.offset, time: time)
            if time > state.watermark, time <= run.timeMax { state.watermark = time }
            workshop.charge(object, bytesNow: memoryBytes)
            if waitingBytes >= workshop.settings.frameBytes || object.records >= settings.rotate.records {
                workshop.flush(object, level: settings.compressionLevel)
                table.sealIfFull(object, workshop: workshop)
            }
        case .rejected(let reason):
            try bury(event, run, prefix: prefix, reason, table: table, workshop: workshop)
        }
    }

    @inline(__always)
    private func append(
        _ event: Event, _ run: Run, _ prefix: Prefix, _ known: JSONOutcome?, to buffer: FrameBuffer
    ) -> AppendOutcome {
        if settings.format == .value { return value.append(event, parser: parser, to: buffer, known: known) }
        return envelope.append(
            event, prefix: prefix.line, headers: run.headers, parser: parser, to: buffer, known: known)
    }

    @inline(__always)
    private func append(
        _ event: Event, _ run: Run, _ prefix: Prefix, _ known: JSONOutcome?, to rows: ParquetTableRows,
        table: TableWriter
    ) throws(SourceError) -> AppendOutcome {
        let (unknown, misfits) = (rows.unknownFieldCount, rows.misfitCount)
        let outcome: ShredOutcome
        do throws(ParquetError) {
            outcome = try rows.append(event, prefix: prefix.row, headers: run.headers, parser: parser, known: known)
        } catch {
            throw SourceError("\(run.name) offset \(event.offset): \(error): the writer stops so that nothing is lost")
        }
        let doesFit = rows.unknownFieldCount == unknown && rows.misfitCount == misfits
        if !doesFit {
            table.counters.unknownFields += rows.unknownFieldCount - unknown
            table.counters.misfits += rows.misfitCount - misfits
            if let columns = table.columns, columns.learns, let payload = event.value { columns.learn(payload) }
        }
        switch outcome {
        case .written: return .written
        case .rejected(let reason): return .rejected(reason)
        case .misfit: return .rejected(.misfit)
        }
    }

    /// Shows the events at hand to a schema that learns, so that the object they open has columns for them.
    private func learn(_ run: Run, _ columns: TableColumns) {
        for event in run.events where columns.learns {
            if let payload = event.value { columns.learn(payload) }
        }
    }

    /// Writes an event that has no place elsewhere to the dead-letter table.
    @inline(never)
    private func bury(
        _ event: Event, _ run: Run, prefix: Prefix, _ reason: RejectReason, table: TableWriter,
        workshop: Workshop
    ) throws(SourceError) {
        table.counters.deadLettered[reason.rawValue, default: 0] += 1
        // Kafka takes any number for a timestamp; the line has it as it is, the catalog has only what it can write.
        let hasTime = event.timestampType != .none && event.timestamp != -1
        let time = PartitionCalendar.clamped(hasTime ? event.timestamp : run.now.milliseconds)
        let object = try object(
            time: time, isLate: false, shard: 0, side: .deadLetter, first: event, run, table: table,
            workshop: workshop)
        guard case .lines(let lines) = object.content,
            case .written = deadLetter.append(
                event, prefix: prefix.line, headers: run.headers, parser: parser, reason: reason, detail: "",
                to: lines.buffer)
        else {
            throw SourceError(
                "\(run.name) offset \(event.offset): cannot be written to the dead-letter table (\(reason.rawValue)):"
                    + " the writer stops so that nothing is lost")
        }
        object.note(source: run.source, offset: event.offset, time: time)
        workshop.charge(object, bytesNow: lines.memoryBytes)
        if lines.waitingBytes >= workshop.settings.frameBytes || object.records >= settings.rotate.records {
            workshop.flush(object, level: settings.compressionLevel)
            table.sealIfFull(object, workshop: workshop)
        }
    }

    /// The open object of the event's lane.
    @inline(__always)
    private func object(
        time: Int64, isLate: Bool, shard: Int, side: TableSide, first event: Event, _ run: Run, table: TableWriter,
        workshop: Workshop
    ) throws(SourceError) -> OpenObject {
        let lanes: HourLanes
        if !isLate, side == .main, let onTime, time >= onTime.start, time < onTime.end {
            lanes = onTime
        } else {
            lanes = hourLanes(time: time, isLate: isLate, side: side, table: table)
        }
        if let object = lanes.objects[shard] { return object }
        if let columns = table.columns, side != .deadLetter { learn(run, columns) }
        let object = try table.open(
            lanes.key(shard: shard), first: run.name, offset: event.offset, workshop: workshop)
        lanes.objects[shard] = object
        return object
    }

    @inline(never)
    private func hourLanes(time: Int64, isLate: Bool, side: TableSide, table: TableWriter) -> HourLanes {
        if isLate, let late, late.side == side, time >= late.start, time < late.end { return late }
        let hour = calendar.window(containing: time)
        let key = TableWriter.HourKey(hour: hour.hour, side: side, isLate: isLate)
        let lanes: HourLanes
        if let known = table.hours[key] {
            lanes = known
        } else {
            lanes = HourLanes(
                hour: hour.hour, side: side, isLate: isLate, start: hour.start, end: hour.end,
                shards: side == .deadLetter ? 1 : shards)
            table.hours[key] = lanes
        }
        if isLate { late = lanes } else if side == .main { onTime = lanes }
        return lanes
    }

    private func prefix(of run: Run) -> Prefix {
        if let known = prefixes[run.source] { return known }
        let (topic, partition) = (run.name.topic, run.name.partition)
        let prefix = Prefix(
            line: EnvelopePrefix(topic: topic, partition: partition),
            row: RawTablePrefix(topic: topic, partition: partition))
        prefixes[run.source] = prefix
        return prefix
    }

    @inline(__always)
    private func kafkaTime(_ event: Event) -> Result<Int64, RejectReason> {
        // The rule knows -1 for none, and what is no time.
        guard event.timestampType != .none, event.timestamp != -1,
            PartitionCalendar.range.contains(event.timestamp)
        else {
            return settings.time.resolve(event, headers: NoHeaders(), parser: nil)
        }
        return .success(event.timestamp)
    }
}
