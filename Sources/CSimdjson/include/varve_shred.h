// Takes a JSON text apart into columns, by a table of fields and without a tree.
#ifndef VARVE_SHRED_H
#define VARVE_SHRED_H

#include "CSimdjson.h"
#include "varve_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

enum varve_shred_kind {
    VARVE_SHRED_BOOL = 0,
    VARVE_SHRED_INT32 = 1,
    VARVE_SHRED_INT64 = 2,
    VARVE_SHRED_FLOAT = 3,
    VARVE_SHRED_DOUBLE = 4,
    VARVE_SHRED_STRING = 5,
    VARVE_SHRED_JSON = 6,       // any value, as it is written
    VARVE_SHRED_TIMESTAMP = 7,  // RFC 3339 text, stored as microseconds since 1970
    VARVE_SHRED_DATE = 8,       // YYYY-MM-DD, stored as days since 1970
    VARVE_SHRED_UUID = 9,       // lower-case text, stored as 16 bytes
    VARVE_SHRED_STRUCT = 10,
    VARVE_SHRED_LIST = 11,
    VARVE_SHRED_MAP = 12,
};

// A field of the schema. Fields of one structure stand side by side; a list has its element as its only child, a map
// its value. Levels are Dremel's.
typedef struct {
    uint8_t kind;
    uint8_t definition;        // of a value that is not null
    uint8_t inner_definition;  // lists and maps: of an entry that is there
    uint8_t repetition;        // lists and maps: of the entries behind the first
    uint32_t leaf, leaf_count; // columns inside; of a map the first is the key's
    uint32_t child, child_count;
    uint32_t name, name_bytes; // in the names given beside
} varve_shred_node;

typedef struct {
    int32_t status;    // 0, or -1 where a column or memory is full: nothing was appended then
    uint32_t unknown;  // members without a field
    uint32_t misfits;  // values that their column does not take
    uint32_t entries;  // of all columns, beyond the first of each
} varve_shred_result;

typedef struct varve_shredder varve_shredder;

// Entries that a row may have beyond the first of each column: so many and 8 for each byte of its text, and never more
// than the other. A row with more of them goes to the rest whole, and counts as one misfit.
#define VARVE_SHRED_ENTRIES_FREE ((size_t)1 << 14)
#define VARVE_SHRED_ENTRIES_MAX ((size_t)1 << 22)

// Copies nodes and names; node 0 is the root, a structure whose own levels are 0. `columns` are one for each leaf, and
// `rest` takes, as one JSON object of JSON Pointers and values, what has no place in them. NULL: out of memory.
varve_shredder *varve_shredder_create(
    const varve_shred_node *nodes, size_t node_count, const uint8_t *names, size_t name_bytes,
    varve_column *const *columns, size_t column_count, varve_column *rest);
void varve_shredder_destroy(varve_shredder *shredder);

// Appends one row from the text of the handle's last parse, which was valid and is still there.
varve_shred_result varve_shred(varve_shredder *shredder, varve_json *handle);

// Takes the row appended last away again, once, while no page was cut.
void varve_shred_undo(varve_shredder *shredder);

#ifdef __cplusplus
}
#endif
#endif
