public import LakeModel

/// How much a statement may cost.
public struct SQLLimits: Hashable, Sendable {
    /// Live objects that are loaded at most; a larger table needs a narrower query.
    public var objectsMax = 5_000_000
    public var rowsMax = 100_000
    /// Steps of SQLite's machine, some ten million a second.
    public var stepsMax = 2_000_000_000

    public init() {}
}

public struct SQLResult: Hashable, Sendable {
    public var columns: [String]
    public var rows: [[SQLValue]]
    /// True where there were more rows than the limit.
    public var isTruncated: Bool
}

extension Snapshot {
    /// Runs one reading SQL statement over this snapshot; `SQLTable.all` says what there is to read.
    ///
    /// Only the tables that the statement reads are filled, from the objects that match `query` and from what `log`
    /// returns (asked for where the statement reads commits). Everything lives in memory until the answer is there.
    public func sql(
        _ statement: String, over query: ObjectQuery = .everything, limits: SQLLimits = SQLLimits(),
        log: () async throws(CatalogError) -> [Commit]
    ) async throws(CatalogError) -> SQLResult {
        let database = try SQLiteDatabase()
        for table in SQLTable.all { try database.execute(table.create) }
        database.lock(stepsMax: limits.stepsMax)
        // Preparing it tells which tables it reads, and refuses it before anything is fetched.
        _ = try database.prepare(statement)
        let wanted = database.tablesRead
        database.unlock()
        try database.execute("BEGIN")
        try await fillObjects(database, wanted, query, limits)
        try fill(database, .offsets, wanted) { SQLRows.offsets(head) }
        try fill(database, .manifests, wanted) { manifests.map(SQLRows.manifest) }
        let logTables: [SQLTable] = [.commits, .commitOffsets, .closedHours]
        if logTables.contains(where: { wanted.contains($0.name) }) {
            let commits = try await log()
            try fill(database, .commits, wanted) { commits.map(SQLRows.commit) }
            try fill(database, .commitOffsets, wanted) { commits.flatMap(SQLRows.ranges) }
            try fill(database, .closedHours, wanted) { commits.flatMap(SQLRows.closed) }
        }
        try database.execute("COMMIT")
        database.lock(stepsMax: limits.stepsMax)
        return try read(database, statement, limits)
    }

    private func read(
        _ database: SQLiteDatabase, _ statement: String, _ limits: SQLLimits
    ) throws(CatalogError) -> SQLResult {
        let prepared = try database.prepare(statement)
        let columns = (0..<prepared.columnCount).map(prepared.columnName)
        var result = SQLResult(columns: columns, rows: [], isTruncated: false)
        while true {
            switch prepared.step() {
            case .done: return result
            case .failed: throw database.failure()
            case .row:
                guard result.rows.count < limits.rowsMax else {
                    result.isTruncated = true
                    return result
                }
                result.rows.append(columns.indices.map(prepared.value))
            }
        }
    }

    private func fill(
        _ database: SQLiteDatabase, _ table: SQLTable, _ wanted: Set<String>, _ rows: () -> [[SQLValue]]
    ) throws(CatalogError) {
        guard wanted.contains(table.name) else { return }
        let insert = try database.prepare(table.insert)
        for row in rows() where !insert.insert(row) { throw database.failure() }
    }

    private func fillObjects(
        _ database: SQLiteDatabase, _ wanted: Set<String>, _ query: ObjectQuery, _ limits: SQLLimits
    ) async throws(CatalogError) {
        let (objects, spans) = (wanted.contains("objects"), wanted.contains("object_offsets"))
        let columns = wanted.contains("object_columns")
        guard objects || spans || columns else { return }
        let insertObject = try database.prepare(SQLTable.objects.insert)
        let insertSpan = try database.prepare(SQLTable.objectOffsets.insert)
        let insertColumn = try database.prepare(SQLTable.objectColumns.insert)
        var count = 0
        var isFull = false
        var isRefused = false
        try await forEachBatch(query) { batch throws(CatalogError) in
            count += batch.count
            isFull = isFull || count > limits.objectsMax
            guard !isFull else { return }
            for object in batch {
                if objects, !insertObject.insert(SQLRows.object(object)) { isRefused = true }
                for row in columns ? SQLRows.columns(object) : [] where !insertColumn.insert(row) { isRefused = true }
                guard spans else { continue }
                for span in SQLRows.spans(object) where !insertSpan.insert(span) { isRefused = true }
            }
        }
        guard !isFull else {
            throw .invalid("more than \(limits.objectsMax) objects: narrow it with --hour, or --from and --to")
        }
        guard !isRefused else { throw database.failure() }
    }
}

extension Table {
    /// Runs one reading SQL statement over the newest version or another one.
    public func sql(
        _ statement: String, at point: SnapshotPoint = .newest, over query: ObjectQuery = .everything,
        limits: SQLLimits = SQLLimits()
    ) async throws(CatalogError) -> SQLResult {
        let snapshot = try await snapshot(at: point)
        return try await snapshot.sql(statement, over: query, limits: limits) { () async throws(CatalogError) in
            guard snapshot.version > 0 else { return [] }
            return try await commits(1...snapshot.version)
        }
    }
}
