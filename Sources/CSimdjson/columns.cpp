#include "varve_columns.h"

#include <algorithm>

// Doubles a capacity until `needed` fits.
static size_t doubled(size_t capacity, size_t needed, size_t least) {
    size_t grown = std::max(capacity, least);
    while (grown < needed) grown *= 2;
    return grown;
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
}
