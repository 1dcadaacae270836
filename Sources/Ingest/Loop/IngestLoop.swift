public import Catalog
import Compression
import Formats
public import LakeModel
public import Logging
public import ObjectStorage

/// Moves events from a source into the lake, exactly once.
///
/// One thread owns everything here: it polls, places events, and decides; compression, uploads and commits run
/// elsewhere and report to the mailbox. Between two reports the state changes only by what the source delivers, so a
/// simulation that feeds both in a seeded order repeats a run exactly.
public final class IngestLoop {
    enum Stage {
        case running
        /// Nothing more is taken; what there is gets committed.
        case draining(RotationReason)
        /// All is committed; the source is leaving its group.
        case leaving
        case ended
    }

    let settings: IngestSettings
    let tables: [TableWriter]
    let source: any EventSource
    let workshop: Workshop
    let mailbox: Mailbox
    let writer: WriterIdentity
    let clock: any LakeClock
    let logger: Logger
    let executor: (any TaskExecutor)?
    let sources = SourceStates()
    var random: any RandomNumberGenerator & Sendable

    var stage = Stage.running
    var deadline: Duration?
    /// In `once` mode: it left before all was read.
    var leftEarly = false
    var revocations: [Revocation] = []
    var hasAssignment = false
    /// When the group's answer was first waited for; nil where there is one.
    var assignmentAwaitedSince: Duration?
    var saidThatItWaits = false
    var isPaused = false
    var fullSince: Duration?
    var nextUpkeepAt = Duration.zero
    /// Whose end at the broker is asked for next, by its place in `sources.indices`.
    var nextEndAsked = 0
    /// When leaders may be asked again whether idle topic partitions are at their end.
    var nextEndQuestionAt = Duration.zero
    /// Topic partitions that brokers do not hand over.
    var refusals: [Int32: Refusal] = [:]
    /// Topic partitions that stand still because nobody said where they begin, and when to try again.
    var seeksDue: [Int32: Duration] = [:]
    /// Whom the store refuses what they ask for, and how it did so last.
    var storeTroubles: [StoreUser: StoreError] = [:]
    var storeTrouble: StoreError?
    var sourceHasClosed = false
    var polls = 0
    let control: IngestControl
    let tracer: (any IngestTracer)?

    struct Revocation {
        var names: [TopicPartition]
        var sources: [Int32]
        var deadline: Duration
    }

    /// - Parameters:
    ///   - source: driven from the thread that calls `run`, and from no other.
    ///   - control: how other threads stop the loop and see what it does.
    ///   - tracer: is told of every commit; nil for nobody.
    ///   - executor: where uploads and commits run; nil for the default.
    public init(
        settings: IngestSettings, tables: [(TableSettings, Table)], source: any EventSource, store: any ObjectStore,
        writer: WriterIdentity, clock: any LakeClock, random: any RandomNumberGenerator & Sendable, logger: Logger,
        control: IngestControl = IngestControl(), tracer: (any IngestTracer)? = nil,
        putOptions: PutOptions = PutOptions(), executor: (any TaskExecutor)? = nil, compressesInline: Bool = false
    ) throws(SourceError) {
        (self.settings, self.source, self.writer, self.clock) = (settings, source, writer, clock)
        (self.random, self.logger, self.executor, self.control) = (random, logger, executor, control)
        self.tracer = tracer
        let mailbox = Mailbox()
        self.mailbox = mailbox
        workshop = Workshop(
            settings: settings, writerID: writer.id,
            compression: compressesInline
                ? InlineCompression(mailbox: mailbox)
                : CompressionPool(threads: settings.compressionThreads, mailbox: mailbox),
            upload: UploadMeans(
                store: store, options: putOptions, gate: UploadGate(limit: settings.uploadsInFlightMax), clock: clock,
                mailbox: mailbox, executor: executor),
            clock: clock)
        var writers: [TableWriter] = []
        for (index, (settings, log)) in tables.enumerated() {
            writers.append(try TableWriter(index: index, settings: settings, log: log, clock: clock))
        }
        self.tables = writers
    }

    /// Runs on the calling thread until it is stopped, is done (`once`), or cannot go on.
    public func run() throws(IngestError) -> IngestOutcome {
        defer { workshop.compression.stop() }
        while true {
            if let outcome = try turn(waitMax: .milliseconds(50)) { return outcome }
        }
    }

    /// One round: reports, events, signals, upkeep. Nil while there is more to do.
    public func turn(waitMax: Duration) throws(IngestError) -> IngestOutcome? {
        do throws(IngestFailure) {
            let letters = mailbox.take()
            for letter in letters { try handle(letter) }
            if control.isStopRequested { beginDraining(.shutdown) }
            let signals = try poll(waitMax: letters.isEmpty ? waitMax : .zero)
            for signal in signals { try handle(signal) }
            let now = clock.elapsed()
            let isJustFull = workshop.budget.isFull && fullSince == nil
            if now >= nextUpkeepAt || !signals.isEmpty || !letters.isEmpty || isJustFull {
                nextUpkeepAt = now + .milliseconds(50)
                try tendSources(now)
                try upkeep(now)
            }
            return try outcomeIfEnded(now)
        } catch {
            publishStatus(clock.elapsed())
            throw IngestError(error, at: storeTrouble)
        }
    }

    /// Takes events while there is room for them.
    private func poll(waitMax: Duration) throws(IngestFailure) -> [SourceSignal] {
        let takes = takesEvents
        if !takes, waitMax > .zero { mailbox.wait(timeout: min(waitMax, .milliseconds(10))) }
        let eventsMax = takes ? min(settings.eventsPerPollMax, workshop.budget.eventsRoom) : 0
        var failure: SourceError?
        let signals: [SourceSignal]
        do throws(SourceError) {
            signals = try source.poll(timeout: takes ? waitMax : .zero, eventsMax: eventsMax) { batch in
                guard failure == nil else { return }
                do throws(SourceError) { try place(batch) } catch { failure = error }
            }
            polls += 1
        } catch {
            throw .source(error)
        }
        if let failure { throw .source(failure) }
        return signals
    }

    private var payloadBytesPlaced: Int { tables.reduce(0) { $0 + Int($1.counters.payloadBytes) } }

    private var takesEvents: Bool {
        guard case .running = stage else { return false }
        return fullSince == nil && !workshop.budget.isFull
            && workshop.framesInFlight < settings.compressionThreads * 4 + 4
    }

    /// Places a batch run by run: a run is a stretch of events of one topic partition.
    private func place(_ batch: EventBatch) throws(SourceError) {
        let events = batch.events
        let (usedBefore, payloadBefore) = (workshop.budget.bytesUsed, payloadBytesPlaced)
        defer {
            workshop.budget.learn(
                events: events.count, payloadBytes: payloadBytesPlaced - payloadBefore, usedBefore: usedBefore)
        }
        let now = clock.now()
        let timeMax = now.advanced(byMilliseconds: settings.futureMillisecondsMax).milliseconds
        var start = events.startIndex
        while start < events.endIndex {
            let index = events[start].source
            var end = start + 1
            while end < events.endIndex, events[end].source == index { end += 1 }
            guard sources.contains(index), case let state = sources[index], state.phase == .consuming,
                state.table >= 0
            else {
                start = end
                continue
            }
            if state.isRefused { endRefusal(of: index) }
            let table = tables[Int(state.table)]
            while start < end {
                let run = EventRouter.Run(
                    events: events[start..<end], headers: batch.headers, source: index, name: sources.name(index),
                    now: now, timeMax: timeMax)
                start += try table.router.place(run, state: &sources[index], table: table, workshop: workshop)
                table.cutIfFilled(sources: sources, workshop: workshop)
            }
        }
    }
}

/// How a run ended.
public enum IngestOutcome: Sendable {
    /// Everything that was read is committed; in `once` mode all that there was at the start.
    case finished
    /// Stopped in `once` mode before all that there was at the start was read. What was read is committed.
    case stoppedEarly
    /// The deadline came first; what was not committed will be read again.
    case timedOut(eventsUncommitted: Int64)
}
