// The values of one column that wait to become a page: memory that Swift and the shredder both append to.
// Everything is taken with malloc and realloc and freed with free, on either side.
#ifndef VARVE_COLUMNS_H
#define VARVE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint8_t *values;       // values of `width` bytes one behind the other, or the bytes of byte arrays
    size_t value_bytes;    // used of them
    size_t value_capacity;
    uint32_t *offsets;     // byte arrays only: value i is values[offsets[i]..<offsets[i + 1]]
    size_t offset_capacity;
    size_t value_count;    // nulls do not count
    uint8_t *definitions;  // one for each entry, where definition_max > 0
    uint8_t *repetitions;  // one for each entry, where repetition_max > 0
    size_t level_count;    // entries: values and nulls
    size_t level_capacity;
    uint8_t definition_max;
    uint8_t repetition_max;
    uint32_t width;        // 0: byte arrays
} varve_column;

// Bytes of values that one page may hold before it has to be cut; offsets have 32 bits.
#define VARVE_COLUMN_BYTES_MAX ((size_t)0xF0000000u)

// Room for `bytes` more bytes of values, and 64 more that may be written but do not count.
bool varve_column_grow_values(varve_column *column, size_t bytes);
// Room for one more offset; the first call makes room for the zero in front too.
bool varve_column_grow_offsets(varve_column *column);
// Room for one more entry.
bool varve_column_grow_levels(varve_column *column);

// Moves all entries of `source`, a column of the same width and levels, behind those of `column`; `source` is empty
// then. False where there is no room: both are as they were.
bool varve_column_take(varve_column *column, varve_column *source);

static inline bool varve_column_level(varve_column *column, uint8_t definition, uint8_t repetition) {
    if (column->level_count == column->level_capacity && !varve_column_grow_levels(column)) return false;
    if (column->definition_max) column->definitions[column->level_count] = definition;
    if (column->repetition_max) column->repetitions[column->level_count] = repetition;
    column->level_count++;
    return true;
}

// Opens room for `count` bytes as the next value: NULL where there is none. The value counts from now on.
static inline uint8_t *varve_column_value(varve_column *column, size_t count) {
    if (count + 64 > column->value_capacity - column->value_bytes && !varve_column_grow_values(column, count)) {
        return NULL;
    }
    uint8_t *target = column->values + column->value_bytes;
    column->value_bytes += count;
    column->value_count++;
    return target;
}

// The same for a byte array, whose end is noted.
static inline uint8_t *varve_column_bytes(varve_column *column, size_t count) {
    if (column->value_count + 2 > column->offset_capacity && !varve_column_grow_offsets(column)) return NULL;
    uint8_t *target = varve_column_value(column, count);
    if (target) column->offsets[column->value_count] = (uint32_t)column->value_bytes;
    return target;
}

static inline bool varve_column_append_32(varve_column *column, uint32_t value) {
    uint8_t *target = varve_column_value(column, 4);
    if (target) memcpy(target, &value, 4);
    return target != NULL;
}

static inline bool varve_column_append_64(varve_column *column, uint64_t value) {
    uint8_t *target = varve_column_value(column, 8);
    if (target) memcpy(target, &value, 8);
    return target != NULL;
}

static inline bool varve_column_append_bytes(varve_column *column, const void *bytes, size_t count) {
    uint8_t *target = varve_column_bytes(column, count);
    if (target && count) memcpy(target, bytes, count);
    return target != NULL;
}

#ifdef __cplusplus
}
#endif
#endif
