public import Catalog
public import LakeModel
import ObjectStorage

/// Adopts files that other programs wrote into a table: they stay where they are, and become data objects of it.
///
/// Each file is read once, to count its events and for its checksum. A commit adopts up to `objectsPerCommit`; a crash
/// leaves whole commits, and the next run goes on with what is left. What was ever adopted is not adopted again.
public struct Importer: Sendable {
    public let table: Table
    public let request: ImportRequest
    public let clock: any LakeClock
    public var writer: WriterIdentity
    /// Of a table that is new; nil for one by hour or day, as the folders tell, in `zone`.
    public var layout: TableLayout?
    /// Time zone of the folders, where it was said; an import into a table of another zone is refused.
    public var zone: String?
    public var objectsPerCommit = 500
    /// Files that are read at once.
    public var parallelMax = 4
    /// Of one import: each takes about a kilobyte of memory until the report is printed.
    public var filesMax = 250_000

    public init(table: Table, request: ImportRequest, clock: any LakeClock, writer: WriterIdentity) {
        (self.table, self.request, self.clock, self.writer) = (table, request, clock, writer)
    }

    /// Says what `run` would do now, by names only; changes nothing.
    public func plan() async throws -> ImportPlan {
        try await checkPlace()
        var ledger = AdoptionLedger(table)
        try await ledger.refresh()
        let (listed, leftOut) = try await list()
        let head = try await table.refresh()
        let layout =
            head.layout ?? layout
            ?? ImportPlanner.layout(listed, request: request, zone: zone ?? "UTC")
        if let zone, zone != layout.zone {
            throw MaintenanceError.invalid(
                "the folders are of \(zone), but table \(table.name) is partitioned by the dates and hours of "
                    + "\(layout.zone); import them into a table whose partition.zone is \(zone)")
        }
        let planner = try ImportPlanner(
            request: request, layout: layout, line: OffsetLine(next: head.progress.mapValues(\.next)), now: clock.now())
        let items = listed.map { planner.item($0, isKnown: ledger.contains($0.key.description)) }
            .sorted(by: ImportPlanner.comesBefore)
        return ImportPlan(
            table: table.name, layout: layout, items: ImportPlanner.lineUp(items, request: request), leftOut: leftOut)
    }

    /// Does it. What was committed in front of a fault is in the report together with it.
    ///
    /// - `random`: ids of commits are drawn from it.
    /// - `progress`: gets the number of files done.
    public func run(
        _ plan: ImportPlan, using random: inout some RandomNumberGenerator, progress: (_ done: Int) -> Void = { _ in }
    ) async throws -> ImportReport {
        var ledger = AdoptionLedger(table)
        var report = ImportReport()
        var line = OffsetLine(next: try await table.refresh().progress.mapValues(\.next))
        let files = plan.files
        for start in stride(from: 0, to: files.count, by: max(1, objectsPerCommit)) {
            let batch = files[start..<min(start + max(1, objectsPerCommit), files.count)]
            try await ledger.refresh()
            let fresh = batch.filter { !ledger.contains($0.key) }
            report.known += Int64(batch.count - fresh.count)
            var adoption = Adoption(request, line: line)
            for read in try await read(Array(fresh)) { try adoption.add(read) }
            report.passedOver += adoption.passedOver
            if !adoption.objects.isEmpty {
                try await commit(adoption, plan, id: CommitID(using: &random), &ledger, &report)
            }
            if let fault = adoption.fault {
                report.fault = fault
                return report
            }
            line = adoption.line
            progress(start + batch.count)
        }
        return report
    }

    private func commit(
        _ adoption: Adoption, _ plan: ImportPlan, id: CommitID, _ ledger: inout AdoptionLedger,
        _ report: inout ImportReport
    ) async throws {
        let files = adoption.objects.compactMap { object in
            object.adopted.map { AdoptionRecord.File(key: $0.key, path: object.path) }
        }
        let record = AdoptionRecord(commit: id, after: await table.head().version, files: files)
        try await ledger.open(record)
        let change = Change(
            kind: .adopt, layout: await table.head().layout == nil ? plan.layout : nil, offsets: adoption.ranges,
            add: adoption.objects, reason: "import: \(adoption.objects.count) files of \(request.prefix)")
        do throws(CatalogError) {
            let receipt = try await table.commit(change, id: id, writer: writer)
            try? await ledger.close(record, version: receipt.version)
            report.add(adoption.objects, version: receipt.version)
        } catch {
            // Unsettled, it may have happened: the next import looks.
            if case .unsettled = error { throw error }
            try? await ledger.close(record, version: 0)
            throw error
        }
    }

    /// The results in the order of the files, with at most `parallelMax` being read.
    private func read(_ files: [ForeignFile]) async throws -> [ForeignRead] {
        let reader = ForeignFileReader(store: table.store, layout: request.layout)
        return try await mapConcurrently(files, runningMax: parallelMax) { file in
            do {
                return ForeignRead(file: file, object: try await reader.describe(file))
            } catch let error as ForeignName.PassedOver {
                return ForeignRead(file: file, reason: error.reason)
            }
        }
    }
}

extension Importer {
    /// Throws where the folder is one of a table: its files are that table's own.
    private func checkPlace() async throws {
        let first = request.prefix.split(separator: "/").first.map(String.init) ?? ""
        guard request.prefix.hasSuffix("/"), ObjectKey(String(request.prefix.dropLast())) != nil else {
            throw MaintenanceError.invalid("not a folder below the lake's root: \"\(request.prefix.prefix(120))\"")
        }
        let isTable = try await table.store.isAnythingListed(prefix: "\(first)/_varve/")
        guard !isTable, first != table.name.description else {
            throw MaintenanceError.invalid(
                "\(first)/ is the folder of a table; files to adopt lie beside the tables, in a folder of their own")
        }
    }

    private func list() async throws -> (listed: [ListedObject], leftOut: Int) {
        var all: [ListedObject] = []
        var leftOut = 0
        var request = ListRequest(prefix: request.prefix)
        while true {
            let page = try await table.store.list(request)
            all += page.objects
            leftOut += page.leftOut
            guard all.count <= filesMax else {
                throw MaintenanceError.invalid(
                    "\(request.prefix) holds more than \(filesMax) files; import its folders one by one")
            }
            guard let next = page.next else { return (all, leftOut) }
            request.continuation = next
        }
    }
}

/// What became of reading one file.
struct ForeignRead: Sendable {
    let file: ForeignFile
    var object: DataObject?
    var reason: String?
}

/// What an import did.
public struct ImportReport: Hashable, Sendable {
    public struct Adopted: Hashable, Sendable {
        public var object: DataObject
        public var version: Int64
    }

    /// A file that cannot be adopted.
    public struct PassedOver: Hashable, Sendable {
        public var file: ForeignFile
        public var reason: String
    }

    public var adopted: [Adopted] = []
    public var passedOver: [PassedOver] = []
    /// Files that another import adopted meanwhile.
    public var known: Int64 = 0
    /// Why the import ended before its last file; a line for a person.
    public var fault: String?

    public var records: Int64 { adopted.reduce(0) { $0 &+ $1.object.records } }
    public var bytes: Int64 { adopted.reduce(0) { $0 &+ $1.object.bytes } }
    public var commits: Int { Set(adopted.map(\.version)).count }

    mutating func add(_ objects: [DataObject], version: Int64) {
        adopted += objects.map { Adopted(object: $0, version: version) }
    }
}
