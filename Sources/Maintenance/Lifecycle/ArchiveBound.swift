import Catalog
import LakeModel

/// The days of which a table has events, as a run of lifecycle saw it at its end.
///
/// Of every object that the archive had at `archive`: where its day is none of these, it has expired from the table,
/// which never gets it back. The archive is looked at first, so that nothing comes there unseen in between.
struct TableDays: Hashable, Sendable, Codable {
    struct Span: Hashable, Sendable, Codable {
        var first: CalendarDay
        var last: CalendarDay
    }

    /// The archive's version.
    var archive: Int64
    /// Ascending, apart from one another.
    var spans: [Span]

    enum CodingKeys: String, CodingKey {
        case archive = "archive_version"
        case spans
    }

    init(archive: Int64, days: Set<CalendarDay>) {
        self.archive = archive
        spans = []
        for day in days.sorted() {
            if let last = spans.last?.last, last.daysSinceEpoch + 1 == day.daysSinceEpoch {
                spans[spans.count - 1].last = day
            } else {
                spans.append(Span(first: day, last: day))
            }
        }
    }

    static func read(_ table: Table, archive: Table) async throws -> TableDays {
        let version = try await archive.snapshot().version
        let snapshot = try await table.snapshot()
        var days: Set<CalendarDay> = []
        for window in VerifyWindows.plan(snapshot.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            for object in try await snapshot.objects(query) { days.insert(object.partition.date) }
        }
        return TableDays(archive: version, days: days)
    }

    func contain(_ day: CalendarDay) -> Bool { spans.contains { $0.first <= day && day <= $0.last } }
}

/// What an erasure in an archive leaves alone: whatever the table may still have.
///
/// The table would bring it back, or the archive would not know its own copy again. Erased in the table, it leaves the
/// archive with the next run of lifecycle.
struct ArchiveBound {
    private let days: TableDays
    /// Archived since.
    private var later: Set<PathHash> = []
    private var readTo: Int64

    /// Nil where the table is no archive.
    static func of(_ table: Table) async throws -> ArchiveBound? {
        guard try await table.isArchive() else { return nil }
        guard let days = try await ArchiveMark.read(table)?.days else { throw unknown(table) }
        return ArchiveBound(days: days, readTo: days.archive)
    }

    private init(days: TableDays, readTo: Int64) {
        (self.days, self.readTo) = (days, readTo)
    }

    private static func unknown(_ archive: Table) -> MaintenanceError {
        .invalid(
            "table \(archive.name) is an archive, and nothing tells what its table still has: run 'varve lifecycle "
                + "apply' until it leaves nothing open, and erase then")
    }

    /// Reads what the archive got since.
    mutating func follow(_ archive: Table, to newest: Int64) async throws {
        guard readTo <= newest else { throw Self.unknown(archive) }
        while readTo < newest {
            let last = min(newest, readTo + 256)
            let commits = try await archive.commits(readTo + 1...last)
            guard commits.count == Int(last - readTo) else { throw Self.unknown(archive) }
            for object in commits.flatMap(\.add) { later.insert(PathHash(object.path)) }
            readTo = last
        }
    }

    func keeps(_ object: DataObject) -> Bool {
        guard !ObjectLabels(object.tags).isErasedInArchive else { return false }
        return later.contains(PathHash(object.path)) || days.contain(object.partition.date)
    }
}
