#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast macro that Swift does not import: SQLite copies the bytes before the call returns. A null
// pointer would bind NULL, and Swift has no pointer for an empty string.
static inline int varve_sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
    return sqlite3_bind_text(statement, index, text ? text : "", bytes, SQLITE_TRANSIENT);
}
