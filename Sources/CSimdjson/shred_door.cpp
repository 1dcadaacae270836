#include <new>
#include <string>

#include "json_handle.h"
#include "json_shred.h"

using namespace varve;

namespace {

// Where a column stood before a row.
struct column_mark {
    size_t value_bytes, value_count, level_count;
};

}  // namespace

struct varve_shredder {
    std::vector<shred_field> fields;
    std::vector<uint8_t> names;
    std::vector<varve_column *> columns;  // the rest comes last
    std::vector<column_mark> marks;
    std::vector<shred_step> path;
    rest_text rest;
    uint64_t serial = 0;

    void make_table(shred_field &field) {
        size_t size = 4;
        while (size < field.child_count * 2) size *= 2;
        field.table.assign(size, -1);
        for (uint32_t i = 0; i < field.child_count; i++) {
            const shred_field &child = fields[field.child + i];
            size_t slot = hash_name(child.text, child.name_bytes) & (size - 1);
            while (field.table[slot] >= 0) slot = (slot + 1) & (size - 1);
            field.table[slot] = int32_t(i);
        }
    }

    void note() {
        for (size_t i = 0; i < columns.size(); i++) {
            marks[i] = {columns[i]->value_bytes, columns[i]->value_count, columns[i]->level_count};
        }
    }

    void undo() {
        for (size_t i = 0; i < columns.size(); i++) {
            columns[i]->value_bytes = marks[i].value_bytes;
            columns[i]->value_count = marks[i].value_count;
            columns[i]->level_count = marks[i].level_count;
        }
    }

    bool append_rest() {
        varve_column *column = columns.back();
        if (rest.bytes.empty()) return varve_column_level(column, 0, 0);
        rest.put('}');
        return varve_column_append_bytes(column, rest.bytes.data(), rest.bytes.size()) &&
               varve_column_level(column, 1, 0);
    }

    template <class Tokens>
    varve_shred_result shred(varve_json *handle, Tokens tokens) {
        note();
        if (rest.bytes.capacity() > scratch_bytes_kept) rest.bytes = {};
        rest.bytes.clear();
        rest.bytes_max = rest_allowed(handle->count);
        size_t entries_max = entries_allowed(handle->count);
        shred_walk<varve_json, Tokens> walk{
            handle, tokens, fields, columns.data(), path, rest, serial, entries_max};
        const uint8_t *token = walk.tokens.take();
        try {
            if (*token == '{') {
                walk.structure(fields[0], 0);
            } else {
                root_misfit(walk, handle, token);
            }
        } catch (const row_overflow &) {
            undo();
            rest.bytes.clear();
            walk.unknown = walk.misfits = 0;
            walk.entries_left = entries_max;
            root_misfit(walk, handle, token);
        }
        if (!append_rest() || walk.failed) {
            undo();
            return {-1, 0, 0, 0};
        }
        return {0, walk.unknown, walk.misfits, uint32_t(entries_max - walk.entries_left)};
    }

    // A text that is no object, or one that would take too much memory as columns, stands in the rest whole, under the
    // pointer to the root; it may end without a byte that ends a scalar.
    template <class Walk>
    void root_misfit(Walk &walk, varve_json *handle, const uint8_t *token) {
        const uint8_t *end = handle->bytes + handle->count;
        while (is_space(end[-1])) end--;
        rest.put_member(path, 0, token, size_t(end - token));
        walk.misfits++;
        walk.nulls(fields[0], 0, 0);
    }
};

extern "C" {

varve_shredder *varve_shredder_create(
    const varve_shred_node *nodes, size_t node_count, const uint8_t *names, size_t name_bytes,
    varve_column *const *columns, size_t column_count, varve_column *rest) try {
    auto shredder = std::make_unique<varve_shredder>();
    shredder->names.assign(names, names + name_bytes);
    for (size_t i = 0; i < node_count; i++) {
        shred_field field;
        static_cast<varve_shred_node &>(field) = nodes[i];
        field.text = shredder->names.data() + nodes[i].name;
        field.is_escaped = memchr(field.text, '\\', field.name_bytes) != nullptr;
        shredder->fields.push_back(std::move(field));
    }
    for (auto &field : shredder->fields) {
        if (field.kind == VARVE_SHRED_STRUCT) shredder->make_table(field);
    }
    shredder->columns.assign(columns, columns + column_count);
    shredder->columns.push_back(rest);
    shredder->marks.resize(column_count + 1);
    // Fields do not recurse, so a path is never longer than there are fields, and one more for a name unknown.
    shredder->path.resize(node_count + 1);
    return shredder.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

void varve_shredder_destroy(varve_shredder *shredder) { delete shredder; }

varve_shred_result varve_shred(varve_shredder *shredder, varve_json *handle) try {
    if (handle->is_indexed) return shredder->shred(handle, index_of(handle));
    return shredder->shred(handle, scan_of(handle));
} catch (const std::bad_alloc &) {
    shredder->undo();
    return {-1, 0, 0, 0};
}

void varve_shred_undo(varve_shredder *shredder) { shredder->undo(); }
}
