import CSQLite

/// One value of a result row.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A database in memory. The only code that talks to SQLite; no pointer leaves this file.
///
/// Used by one task at a time, as `SQLITE_OPEN_NOMUTEX` asks: the class is not `Sendable`. A class and not a
/// noncopyable struct, so that a statement keeps its database alive.
final class SQLiteDatabase {
    private let handle: OpaquePointer
    private let guardian = Guardian()

    /// What the authorizer and the progress handler know; lives as long as the database.
    private final class Guardian {
        /// From then on only reading is allowed.
        var isLocked = false
        /// Tables that prepared statements read.
        var tablesRead: Set<String> = []
        var ticksLeft = Int.max
    }

    init() throws(CatalogError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(":memory:", &opened, flags, nil) == SQLITE_OK, let opened else {
            // A handle can come with an error, and must be closed too (sqlite3_open).
            sqlite3_close_v2(opened)
            throw .invalid("cannot open a database in memory")
        }
        handle = opened
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20)
        sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 1 << 20)
        sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 200)
        // The context pointer is borrowed: the guardian is a field of this object, which closes the handle first.
        let context = Unmanaged.passUnretained(guardian).toOpaque()
        sqlite3_set_authorizer(handle, Self.authorize, context)
        sqlite3_progress_handler(handle, 1000, Self.tick, context)
        try execute("PRAGMA temp_store = MEMORY; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
    }

    deinit {
        // All statements are finalized by then: each keeps its database alive.
        sqlite3_close_v2(handle)
    }

    private static let authorize:
        @convention(c) (
            UnsafeMutableRawPointer?, CInt, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?
        ) -> CInt = { context, action, first, second, _, _ in
            guard let context else { return SQLITE_DENY }
            let guardian = Unmanaged<Guardian>.fromOpaque(context).takeUnretainedValue()
            guard guardian.isLocked else { return SQLITE_OK }
            switch action {
            case SQLITE_SELECT, SQLITE_RECURSIVE: return SQLITE_OK
            case SQLITE_READ:
                if let first { guardian.tablesRead.insert(String(cString: first)) }
                return SQLITE_OK
            case SQLITE_FUNCTION:
                let name = second.map { String(cString: $0) } ?? ""
                return name == "load_extension" ? SQLITE_DENY : SQLITE_OK
            default: return SQLITE_DENY
            }
        }

    private static let tick: @convention(c) (UnsafeMutableRawPointer?) -> CInt = { context in
        guard let context else { return 1 }
        let guardian = Unmanaged<Guardian>.fromOpaque(context).takeUnretainedValue()
        guardian.ticksLeft -= 1
        return guardian.ticksLeft < 0 ? 1 : 0
    }

    /// Allows reading only from now on, and about `steps` steps of SQLite's machine for all statements together.
    func lock(stepsMax steps: Int) {
        guardian.isLocked = true
        guardian.ticksLeft = steps / 1000
    }

    /// Allows loading again.
    func unlock() {
        guardian.isLocked = false
        guardian.ticksLeft = .max
    }

    var tablesRead: Set<String> { guardian.tablesRead }

    func execute(_ sql: String) throws(CatalogError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// Prepares exactly one statement.
    func prepare(_ sql: String) throws(CatalogError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let (status, rest) = sql.withCString { text in
            // The tail points into `text`, which lives for this closure only: it is judged here.
            var tail: UnsafePointer<CChar>?
            let status = sqlite3_prepare_v2(handle, text, -1, &statement, &tail)
            return (status, tail.map { String(cString: $0) } ?? "")
        }
        guard status == SQLITE_OK, let statement else {
            throw status == SQLITE_OK ? .invalid("no SQL statement given") : failure()
        }
        let prepared = SQLiteStatement(statement, of: self)
        guard rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            throw .invalid("more than one SQL statement given")
        }
        return prepared
    }

    func failure() -> CatalogError {
        if sqlite3_errcode(handle) == SQLITE_INTERRUPT { return .invalid("sql: the statement takes too long") }
        if sqlite3_errcode(handle) == SQLITE_AUTH { return .invalid("sql: only reading is allowed") }
        // The message is valid until the next call on this handle (sqlite3_errmsg): copied at once.
        return .invalid("sql: " + String(cString: sqlite3_errmsg(handle)))
    }
}

/// A prepared statement of one database.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: SQLiteDatabase

    fileprivate init(_ handle: OpaquePointer, of database: SQLiteDatabase) {
        (self.handle, self.database) = (handle, database)
    }

    deinit {
        sqlite3_finalize(handle)
    }

    var columnCount: Int { Int(sqlite3_column_count(handle)) }

    func columnName(_ index: Int) -> String {
        sqlite3_column_name(handle, CInt(index)).map { String(cString: $0) } ?? ""
    }

    /// Binds values to the statement's parameters, runs it, and makes it ready for the next.
    func insert(_ values: [SQLValue]) -> Bool {
        for (index, value) in values.enumerated() { bind(value, CInt(index + 1)) }
        let isDone = sqlite3_step(handle) == SQLITE_DONE
        sqlite3_reset(handle)
        return isDone
    }

    private func bind(_ value: SQLValue, _ index: CInt) {
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let value): sqlite3_bind_int64(handle, index, value)
        case .real(let value): sqlite3_bind_double(handle, index, value)
        case .text(var text):
            text.withUTF8 { bytes in
                _ = bytes.withMemoryRebound(to: CChar.self) {
                    varve_sqlite3_bind_text(handle, index, $0.baseAddress, CInt(clamping: $0.count))
                }
            }
        case .blob: sqlite3_bind_null(handle, index)
        }
    }

    enum Step {
        case row, done, failed
    }

    func step() -> Step {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: .row
        case SQLITE_DONE: .done
        default: .failed
        }
    }

    func value(_ index: Int) -> SQLValue {
        let column = CInt(index)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            // Valid until the next step (sqlite3_column_blob); the length must be asked for after the pointer.
            guard let text = sqlite3_column_text(handle, column) else { return .null }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let bytes = sqlite3_column_blob(handle, column) else { return .blob([]) }
            return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column)))))
        default: return .null
        }
    }
}
