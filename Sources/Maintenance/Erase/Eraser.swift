public import Catalog
public import Formats
public import LakeModel
public import ObjectStorage

/// Takes events out of a table: finds the objects that hold some, writes them without, commits.
///
/// It goes through the newest snapshot, then again through what it and others have written meanwhile, until one round
/// found nothing to erase: then that round's snapshot holds none. Where writers keep adding matches it stops looking at
/// what they bring after `newestRoundsMax` rounds: then the snapshot holds none of the events that the table had at the
/// version before (`ErasureReport.through`). Old bytes stay until `purge` or vacuum deletes them.
/// A crash leaves some objects done and others not; running it again does the rest. In an archive it leaves alone what
/// the table may still have.
public struct Eraser: Sendable {
    public let table: Table
    public let request: ErasureRequest
    public let clock: any LakeClock
    public var writer: WriterIdentity
    public var formats: RowFormats
    public var putOptions: PutOptions
    /// Objects that are looked through at once.
    public var parallelMax = 2
    /// Objects that may not be touched; those that hold matching events are reported.
    public var holds: [LegalHold] = []
    /// zstd's level of what is written anew.
    public var level: Int32 = 3
    /// Columns of rewritten Parquet objects with Bloom filters.
    public var bloomFilters = BloomFilterFields()
    /// Nothing is ruled out.
    public var readsAll = false
    /// Smaller Parquet objects are read at once, without a look at their footers.
    public var askedBytesMin: Int64 = 256 << 10
    /// Footers that are asked for at once.
    public var askedAtOnceMax = 16
    /// Rounds that look through what others have added meanwhile.
    public var newestRoundsMax = 5
    /// Rounds in all; the later ones are over what others rewrote meanwhile.
    public var roundsMax = 20

    public init(
        table: Table, request: ErasureRequest, clock: any LakeClock, writer: WriterIdentity,
        formats: RowFormats = .all, putOptions: PutOptions = PutOptions()
    ) {
        (self.table, self.request, self.clock, self.writer) = (table, request, clock, writer)
        (self.formats, self.putOptions) = (formats, putOptions)
    }

    /// Says what `run` would do now, and changes nothing.
    public func plan(
        id: CommitID, progress: (_ examined: Int64) -> Void = { _ in }
    ) async throws -> ErasureReport {
        var report = ErasureReport(id: id, startedAt: clock.now())
        var course = ErasureCourse(bound: try await ArchiveBound.of(table))
        try await forEachScanned(&course, &report, progress) { scans, _, report in
            for scan in scans { report.found(scan) }
            return 0
        }
        report.finishedAt = clock.now()
        return report
    }

    /// Erases.
    ///
    /// - `id`: names the request in the reasons of its commits.
    /// - `random`: ids of commits and names are drawn from it.
    /// - `committed`: gets what each commit has replaced, which is done however the run ends.
    public func run(
        id: CommitID, using random: inout some RandomNumberGenerator, progress: (_ examined: Int64) -> Void = { _ in },
        committed: ([ErasureReport.ErasedObject]) -> Void = { _ in }
    ) async throws -> ErasureReport {
        var report = ErasureReport(id: id, startedAt: clock.now())
        var course = ErasureCourse(bound: try await ArchiveBound.of(table))
        var ids = random
        defer { random = ids }
        for _ in 0..<max(1, roundsMax) {
            if report.rounds == max(1, newestRoundsMax) { course.end(at: report.version) }
            report.rounds += 1
            let before = report.objects.count
            let conflicts = try await forEachScanned(&course, &report, progress) { scans, course, report in
                var conflicts = 0
                for batch in Self.batches(scans) {
                    let done = report.objects.count
                    conflicts += try await erase(batch, &report, using: &ids)
                    let erased = report.objects[done...]
                    for path in erased.compactMap(\.after?.path) { course.wrote(path) }
                    if !erased.isEmpty { committed(Array(erased)) }
                }
                return conflicts
            }
            guard conflicts > 0 || report.objects.count > before else {
                report.finishedAt = clock.now()
                return report
            }
        }
        throw CatalogError.contention(attempts: roundsMax)
    }

    /// Objects of one commit.
    private static func batches(_ scans: [ObjectScan]) -> [[ObjectScan]] {
        stride(from: 0, to: scans.count, by: 16).map { Array(scans[$0..<min($0 + 16, scans.count)]) }
    }
}

/// An object in which something was found.
struct ObjectScan: Sendable {
    let object: DataObject
    var matches: Int64 = 0
    var unreadable: Int64 = 0
    var keyless: Int64 = 0
    var hasField = false
    /// By a legal hold.
    var isHeld = false
    /// It lies in an archive.
    var isArchived = false
    /// The table that was archived may still have it.
    var isOfTable = false
    /// It was rewritten and vacuumed meanwhile: what holds its events now is looked through in the next round.
    var isGone = false

    /// Why nobody can look into it now; nil where it was looked through.
    var unreadReason: String?

    var isKept: Bool { isHeld || isOfTable }
}

extension Eraser {
    /// Looks through every live object that was not seen and may hold events that are to be erased, a stretch of hours
    /// at a time; hands out those with matches. What `body` returns is added up.
    @discardableResult
    private func forEachScanned(
        _ course: inout ErasureCourse, _ report: inout ErasureReport, _ progress: (Int64) -> Void,
        _ body: ([ObjectScan], inout ErasureCourse, inout ErasureReport) async throws -> Int
    ) async throws -> Int {
        let snapshot = try await table.snapshot()
        try await course.follow(table, to: snapshot.version)
        (report.version, report.through) = (snapshot.version, nil)
        let candidates = ErasureCandidates(request, readsAll: readsAll)
        var sum = 0
        for window in VerifyWindows.plan(snapshot.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            let live = try await snapshot.objects(query)
            let unseen = live.filter { !course.isLater($0) && course.insert($0) }
            if live.contains(where: course.isLater) { report.through = course.through }
            let objects = unseen.filter(candidates.contain)
            // What earlier rounds wrote is looked through as well, but was counted before it was written anew.
            report.objectsPassedOver += Int64(unseen.count { !candidates.contain($0) && !course.isOwn($0) })
            // A few at a time, so that their rewrites are committed before others rewrite them.
            for start in stride(from: 0, to: objects.count, by: 64) {
                let batch = Array(objects[start..<min(start + 64, objects.count)])
                let scans = try await scan(try await ask(batch, candidates, &report, course)).map(course.judged)
                for scan in scans where !scan.isGone && !course.isOwn(scan.object) { report.examined(scan) }
                for scan in scans where scan.isGone { try course.noteGone(scan.object) }
                for scan in scans { course.note(scan) }
                sum += scans.count(where: \.isGone)
                progress(report.objectsExamined)
                sum += try await body(scans.filter { $0.matches > 0 }, &course, &report)
            }
        }
        return sum
    }

    /// Asks footers and Bloom filters; answers the objects that have to be read.
    private func ask(
        _ objects: [DataObject], _ candidates: ErasureCandidates, _ report: inout ErasureReport,
        _ course: ErasureCourse
    ) async throws -> [DataObject] {
        let answers = try await mapConcurrently(objects, runningMax: askedAtOnceMax) { try await ask($0, candidates) }
        for (object, answer) in zip(objects, answers) where !course.isOwn(object) {
            answer.map { report.asked($0) }
        }
        return zip(objects, answers).filter { $1?.mayHold ?? true }.map(\.0)
    }

    /// Nil where nothing is told; the object is read then, which tells too what is wrong with it.
    private func ask(_ object: DataObject, _ candidates: ErasureCandidates) async throws -> ProbeResult? {
        guard let probe = candidates.probe(for: object, bytesMin: askedBytesMin),
            let reader = formats.reader(object.format, table.store, table.name)
        else { return nil }
        do {
            return try await reader.ask(probe, in: object)
        } catch let error as ReadError {
            guard error.unreadReason == nil, !error.isMissing else { return nil }
            throw error
        }
    }

    /// Results in the order of paths.
    private func scan(_ objects: [DataObject]) async throws -> [ObjectScan] {
        try await mapConcurrently(objects, runningMax: parallelMax) { try await scan($0) }
            .sorted { $0.object.path < $1.object.path }
    }

    private func scan(_ object: DataObject) async throws -> ObjectScan {
        guard let reader = formats.reader(object.format, table.store, table.name) else {
            throw MaintenanceError.unsupported("objects of format \(object.format.rawValue) cannot be erased from")
        }
        let matcher = EventMatcher(request)
        var matches: Int64 = 0
        do {
            try await reader.forEachRow(
                of: object, sources: RowSources(of: [object]), { if try matcher.matches($0) { matches += 1 } },
                pause: {})
        } catch let error as ReadError {
            if error.isMissing { return ObjectScan(object: object, isGone: true) }
            guard let reason = error.unreadReason else { throw error }
            return ObjectScan(object: object, unreadReason: reason)
        }
        return ObjectScan(
            object: object, matches: matches, unreadable: matcher.unreadable, keyless: matcher.keyless,
            hasField: matcher.hasMetField,
            isHeld: holds.contains { $0.holds(object) })
    }

    /// Rewrites and commits some objects; returns how many others changed meanwhile.
    private func erase(
        _ scans: [ObjectScan], _ report: inout ErasureReport, using random: inout some RandomNumberGenerator
    ) async throws -> Int {
        for scan in scans where scan.isKept { report.found(scan) }
        var conflicts = 0
        var rewritten: [(scan: ObjectScan, result: RewriteResult)] = []
        for scan in scans where !scan.isKept {
            do {
                rewritten.append((scan, try await rewrite(scan, name: CommitID(using: &random))))
            } catch ReadError.missing {
                conflicts += 1
            } catch {
                await discard(rewritten)
                throw error
            }
        }
        while !rewritten.isEmpty {
            do throws(CatalogError) {
                try await commit(rewritten, &report, id: CommitID(using: &random))
                break
            } catch .removedObjects(let paths) {
                let gone = Set(paths)
                conflicts += rewritten.count { gone.contains($0.scan.object.path) }
                await discard(rewritten.filter { gone.contains($0.scan.object.path) })
                rewritten.removeAll { gone.contains($0.scan.object.path) }
            } catch {
                // Unsettled, it may have happened: then nothing is removed here.
                if case .unsettled = error { throw error }
                await discard(rewritten)
                throw error
            }
        }
        return conflicts
    }

    private func rewrite(_ scan: ObjectScan, name: CommitID) async throws -> RewriteResult {
        let object = scan.object
        var options = putOptions
        let labels = ObjectLabels(object.tags)
        if let storageClass = labels.storageClass { options.storageClass = storageClass }
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats, putOptions: options)
        let spec = RewriteSpec(
            inputs: [object], format: object.format,
            encoding: EncodingOptions(level: labels.level ?? level, bloomFilters: bloomFilters), order: .input,
            tags: scan.isArchived ? labels.withErasedInArchive : object.tags)
        let matcher = EventMatcher(request)
        let result = try await rewriter.run(spec, commit: name) { try !matcher.matches($0) }
        guard result.droppedRecords == scan.matches else {
            await rewriter.discard(result.outputs)
            throw MaintenanceError.unbalanced(
                "\(object.path) held \(scan.matches) matching events, \(result.droppedRecords) were left out")
        }
        return result
    }

    private func commit(
        _ rewritten: [(scan: ObjectScan, result: RewriteResult)], _ report: inout ErasureReport, id: CommitID
    ) async throws(CatalogError) {
        guard !rewritten.isEmpty else { return }
        let events = rewritten.reduce(0) { $0 + $1.result.droppedRecords }
        let change = Change(
            kind: .erase, add: rewritten.flatMap(\.result.outputs), remove: rewritten.map(\.scan.object.path),
            reason: "erase \(report.id): \(events) events of \(rewritten.count) objects")
        let receipt = try await table.commit(change, id: id, writer: writer)
        report.commits.append(ErasureReport.CommitNote(version: receipt.version, id: receipt.id))
        for (scan, result) in rewritten { report.erased(scan, result) }
    }

    private func discard(_ rewritten: [(scan: ObjectScan, result: RewriteResult)]) async {
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats)
        await rewriter.discard(rewritten.flatMap(\.result.outputs))
    }
}

extension ReadError {
    fileprivate var isMissing: Bool { if case .missing = self { true } else { false } }

    /// Of what trying again does not mend: the rest of the table can be erased from all the same.
    fileprivate var unreadReason: String? {
        switch self {
        case .damaged: description
        case .store(let error) where error.kind == .archived: "the store has archived it: restore it there"
        default: nil
        }
    }
}
