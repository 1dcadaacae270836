#include "varve_columns.h"

#include <algorithm>

// Doubles a capacity until `needed` fits.
static size_t doubled(size_t capacity, size_t needed, size_t least) {
    size_t grown = std::max(capacity, least);
    while (grown < needed) grown *= 2;
    return grown;
}

// What `needed` takes, and a quarter more than before at least: whole batches come seldom enough for small steps, and
// what a page would be given too much counts against the memory of a thousand files.
static size_t widened(size_t capacity, size_t needed) {
    return needed <= capacity ? capacity : std::max(needed, capacity + capacity / 4);
}

template <class Element>
static bool resize(Element *&memory, size_t count) {
    auto *grown = static_cast<Element *>(realloc(memory, count * sizeof(Element)));
    if (grown) memory = grown;
    return grown != nullptr;
}

extern "C" {

bool varve_column_grow_values(varve_column *column, size_t bytes) {
    if (bytes > VARVE_COLUMN_BYTES_MAX - column->value_bytes) return false;
    size_t capacity = doubled(column->value_capacity, column->value_bytes + bytes + 64, 256);
    if (!resize(column->values, capacity)) return false;
    column->value_capacity = capacity;
    return true;
}

bool varve_column_grow_offsets(varve_column *column) {
    size_t capacity = doubled(column->offset_capacity, column->value_count + 2, 64);
    if (!resize(column->offsets, capacity)) return false;
    column->offset_capacity = capacity;
    column->offsets[0] = 0;
    return true;
}

bool varve_column_grow_levels(varve_column *column) {
    size_t capacity = doubled(column->level_capacity, column->level_count + 1, 64);
    if (column->definition_max && !resize(column->definitions, capacity)) return false;
    if (column->repetition_max && !resize(column->repetitions, capacity)) return false;
    column->level_capacity = capacity;
    return true;
}

bool varve_column_take(varve_column *column, varve_column *source) {
    if (column->level_count == 0) {
        std::swap(*column, *source);
        return true;
    }
    if (source->level_count == 0) return true;
    if (source->value_bytes > VARVE_COLUMN_BYTES_MAX - column->value_bytes) return false;
    // 64 bytes of room behind the values, as `varve_column_grow_values` leaves.
    size_t values = widened(column->value_capacity, column->value_bytes + source->value_bytes + 64);
    if (!resize(column->values, values)) return false;
    column->value_capacity = values;
    size_t levels = widened(column->level_capacity, column->level_count + source->level_count);
    if (column->definition_max && !resize(column->definitions, levels)) return false;
    if (column->repetition_max && !resize(column->repetitions, levels)) return false;
    column->level_capacity = levels;
    if (column->width == 0 && source->value_count > 0) {
        size_t offsets = widened(column->offset_capacity, column->value_count + source->value_count + 1);
        if (!resize(column->offsets, offsets)) return false;
        column->offset_capacity = offsets;
        column->offsets[0] = 0;
        uint32_t base = static_cast<uint32_t>(column->value_bytes);
        for (size_t index = 1; index <= source->value_count; index++) {
            column->offsets[column->value_count + index] = base + source->offsets[index];
        }
    }
    if (source->value_bytes) memcpy(column->values + column->value_bytes, source->values, source->value_bytes);
    size_t entries = source->level_count;
    if (column->definition_max) memcpy(column->definitions + column->level_count, source->definitions, entries);
    if (column->repetition_max) memcpy(column->repetitions + column->level_count, source->repetitions, entries);
    column->value_bytes += source->value_bytes;
    column->value_count += source->value_count;
    column->level_count += source->level_count;
    source->value_bytes = source->value_count = source->level_count = 0;
    return true;
}
}
