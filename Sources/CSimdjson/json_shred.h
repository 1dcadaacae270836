// The walk that takes a valid JSON text apart into columns.
#ifndef VARVE_JSON_SHRED_H
#define VARVE_JSON_SHRED_H

#include <algorithm>
#include <vector>

#include "json_find.h"
#include "json_handle.h"
#include "json_rest.h"
#include "json_scalars.h"
#include "varve_shred.h"

namespace varve {

struct shred_field : varve_shred_node {
    const uint8_t *text = nullptr;  // the name
    uint64_t seen = 0;              // the structure that this field was seen in last
    bool is_escaped = false;        // the name has a backslash, so a text never has it as it is here
    std::vector<int32_t> table;     // structures: their fields by hash, maps: names met; -1 where there is none
};

// Entries of a row beyond the first of each column: nulls of lists and maps cost the producer next to nothing.
inline size_t entries_allowed(size_t text_bytes) {
    if (text_bytes >= (VARVE_SHRED_ENTRIES_MAX - VARVE_SHRED_ENTRIES_FREE) / 8) return VARVE_SHRED_ENTRIES_MAX;
    return VARVE_SHRED_ENTRIES_FREE + 8 * text_bytes;
}

inline uint64_t hash_name(const uint8_t *name, size_t count) {
    uint64_t hash = count * 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ name[i]) * 0x100000001B3u;
    return hash ^ hash >> 29;
}

// Where a string ends: in front of the next token there are only blanks and its quote.
inline const uint8_t *string_close(const indexed_tokens &tokens, const uint8_t *) {
    const uint8_t *p = tokens.bytes + *tokens.next - 1;
    while (*p != '"') p--;
    return p;
}
inline const uint8_t *string_close(const scanned_tokens &, const uint8_t *quote) { return string_end(quote); }

// Reads over a value and answers the byte behind it.
template <class Tokens>
const uint8_t *pass_value(Tokens &tokens, const uint8_t *token) {
    if (*token == '"') return string_close(tokens, token) + 1;
    if (*token != '{' && *token != '[') {
        while (!ends_scalar(*token)) token++;
        return token;
    }
    int64_t depth = 1;
    while (depth > 0) {
        token = tokens.take();
        depth += (*token == '{') + (*token == '[') - (*token == '}') - (*token == ']');
    }
    return token + 1;
}

template <class Handle, class Tokens>
struct shred_walk {
    Handle *handle;
    Tokens tokens;
    std::vector<shred_field> &fields;
    varve_column *const *columns;
    std::vector<shred_step> &path;
    rest_text &rest;
    uint64_t &serial;
    size_t entries_left;
    size_t depth = 0;
    uint32_t unknown = 0, misfits = 0;
    bool failed = false;

    void nulls(const shred_field &field, uint8_t definition, uint8_t repetition) {
        for (uint32_t i = 0; i < field.leaf_count; i++) level(field.leaf + i, definition, repetition);
    }

    void level(uint32_t leaf, uint8_t definition, uint8_t repetition) {
        failed |= !varve_column_level(columns[leaf], definition, repetition);
    }

    // Another element or entry begins, with one entry at least in each column inside.
    void more(uint32_t leaf_count) {
        if (leaf_count > entries_left) throw row_overflow();
        entries_left -= leaf_count;
    }

    // What the field does not take: nulls in its columns, and the value in the rest.
    void misfit(const shred_field &field, const uint8_t *token, uint8_t definition, uint8_t repetition) {
        const uint8_t *end = pass_value(tokens, token);
        rest.put_member(path, depth, token, size_t(end - token));
        misfits++;
        nulls(field, definition, repetition);
    }

    // One value, null or not; `definition` is that of what it is in.
    void value(shred_field &field, const uint8_t *token, uint8_t definition, uint8_t repetition) {
        if (*token == 'n') return nulls(field, definition, repetition);
        bool fits;
        switch (field.kind) {
        case VARVE_SHRED_STRUCT:
            if (*token == '{') return structure(field, repetition);
            fits = false;
            break;
        case VARVE_SHRED_LIST:
            if (*token == '[') return list(field, repetition);
            fits = false;
            break;
        case VARVE_SHRED_MAP:
            if (*token == '{') return map(field, repetition);
            fits = false;
            break;
        default: fits = leaf(field, token);
        }
        if (!fits) return misfit(field, token, definition, repetition);
        level(field.leaf, field.definition, repetition);
    }

    bool leaf(const shred_field &field, const uint8_t *token) {
        varve_column *column = columns[field.leaf];
        int64_t integer;
        double number;
        switch (field.kind) {
        case VARVE_SHRED_BOOL: {
            if (*token != 't' && *token != 'f') return false;
            uint8_t *target = varve_column_value(column, 1);
            if (target) *target = *token == 't';
            return noted(target);
        }
        case VARVE_SHRED_INT32:
            if (!to_int64(token, integer) || integer != int32_t(integer)) return false;
            return noted(varve_column_append_32(column, uint32_t(int32_t(integer))));
        case VARVE_SHRED_INT64:
            if (!to_int64(token, integer)) return false;
            return noted(varve_column_append_64(column, uint64_t(integer)));
        case VARVE_SHRED_FLOAT: {
            if (!is_number(*token) || !to_double(token, number)) return false;
            float single = float(number);
            if (single - single != 0) return false;  // An infinity: the number is beyond a float's range.
            if (loses_digits(token, single, 0x1p24)) return false;
            uint32_t bits;
            memcpy(&bits, &single, 4);
            return noted(varve_column_append_32(column, bits));
        }
        case VARVE_SHRED_DOUBLE: {
            if (!is_number(*token) || !to_double(token, number) || loses_digits(token, number, 0x1p53)) return false;
            uint64_t bits;
            memcpy(&bits, &number, 8);
            return noted(varve_column_append_64(column, bits));
        }
        case VARVE_SHRED_JSON: {
            const uint8_t *end = pass_value(tokens, token);
            return noted(varve_column_append_bytes(column, token, size_t(end - token)));
        }
        default: return *token == '"' && text(field, token, column);
        }
    }

    // Large integers are mostly identifiers: one that the column would change does not fit. Below `exact` it changes
    // none.
    static bool loses_digits(const uint8_t *token, double number, double exact) {
        int64_t integer;
        if (number > -exact && number < exact) return false;
        const uint8_t *p = token;
        while (!ends_scalar(*p) && *p != '.' && (*p | 0x20) != 'e') p++;
        if (!ends_scalar(*p)) return false;
        if (!to_int64(token, integer)) return true;
        return number >= 0x1p63 || int64_t(number) != integer;
    }

    static bool is_number(uint8_t c) { return c == '-' || is_digit(c); }

    // Memory that ran out is found at the end of the row, which is then taken back.
    template <class Answer>
    bool noted(Answer answer) {
        failed |= !answer;
        return true;
    }

    bool text(const shred_field &field, const uint8_t *token, varve_column *column) {
        const uint8_t *inside = token + 1, *close = string_close(tokens, token);
        size_t count = size_t(close - inside);
        switch (field.kind) {
        case VARVE_SHRED_TIMESTAMP: {
            int64_t micros;
            if (!to_micros(inside, count, micros)) return false;
            return noted(varve_column_append_64(column, uint64_t(micros)));
        }
        case VARVE_SHRED_DATE: {
            int32_t days;
            if (count != 10 || !to_days(inside, days)) return false;
            return noted(varve_column_append_32(column, uint32_t(days)));
        }
        case VARVE_SHRED_UUID: {
            uint8_t uuid[16];
            if (!to_uuid(inside, count, uuid)) return false;
            uint8_t *target = varve_column_value(column, 16);
            if (target) memcpy(target, uuid, 16);
            return noted(target);
        }
        default:
            if (!memchr(inside, '\\', count)) return noted(varve_column_append_bytes(column, inside, count));
            return noted(append_unescaped(column, inside, close));
        }
    }

    bool append_unescaped(varve_column *column, const uint8_t *inside, const uint8_t *close) {
        uint8_t *target = varve_column_bytes(column, size_t(close - inside));
        if (!target) return false;
        size_t count = unescape(inside, close, target);
        column->value_bytes -= size_t(close - inside) - count;
        column->offsets[column->value_count] = uint32_t(column->value_bytes);
        return true;
    }

    void structure(shred_field &field, uint8_t repetition) {
        uint64_t mine = ++serial;
        uint32_t expected = 0, seen = 0;
        const uint8_t *token = tokens.take();
        while (*token == '"') {
            const uint8_t *name = token + 1, *close = string_close(tokens, token);
            size_t count = size_t(close - name);
            tokens.take();
            token = tokens.take();
            path[depth++] = {name, count, 0};
            int32_t place = find(field, expected, name, count);
            shred_field *child = place < 0 ? nullptr : &fields[field.child + uint32_t(place)];
            if (child && child->seen != mine) {
                child->seen = mine;
                expected = uint32_t(place) + 1;
                seen++;
                value(*child, token, field.definition, repetition);
            } else {
                pass_unknown(token);
            }
            depth--;
            token = tokens.take();
            if (*token == ',') token = tokens.take();
        }
        if (seen == field.child_count) return;
        for (uint32_t i = 0; i < field.child_count; i++) {
            shred_field &child = fields[field.child + i];
            if (child.seen != mine) nulls(child, field.definition, repetition);
        }
    }

    void pass_unknown(const uint8_t *token) {
        const uint8_t *end = pass_value(tokens, token);
        rest.put_member(path, depth, token, size_t(end - token));
        unknown++;
    }

    // Members mostly come in the same order from text to text.
    int32_t find(const shred_field &field, uint32_t expected, const uint8_t *name, size_t count) {
        if (expected < field.child_count) {
            const shred_field &child = fields[field.child + expected];
            if (child.name_bytes == count && memcmp(child.text, name, count) == 0 && !child.is_escaped) {
                return int32_t(expected);
            }
        }
        if (memchr(name, '\\', count)) {
            uint8_t *copy = handle->reserve_scratch(count);
            if (!copy) return -1;
            count = unescape(name, name + count, copy);
            name = copy;
        }
        size_t mask = field.table.size() - 1;
        for (size_t slot = hash_name(name, count) & mask;; slot = (slot + 1) & mask) {
            int32_t place = field.table[slot];
            if (place < 0) return -1;
            const shred_field &child = fields[field.child + uint32_t(place)];
            if (child.name_bytes == count && memcmp(child.text, name, count) == 0) return place;
        }
    }

    void list(shred_field &field, uint8_t repetition) {
        const uint8_t *token = tokens.take();
        if (*token == ']') return nulls(field, field.definition, repetition);
        shred_field &element = fields[field.child];
        depth++;
        for (int64_t index = 0;; index++) {
            path[depth - 1] = {nullptr, 0, index};
            if (index) more(element.leaf_count);
            value(element, token, field.inner_definition, index ? field.repetition : repetition);
            if (*tokens.take() == ']') break;
            token = tokens.take();
        }
        depth--;
    }

    void map(shred_field &field, uint8_t repetition) {
        const uint8_t *token = tokens.take();
        if (*token == '}') return nulls(field, field.definition, repetition);
        varve_column *keys = columns[field.leaf];
        size_t first = keys->value_count;
        uint8_t next = repetition;
        while (*token == '"') {
            const uint8_t *name = token + 1, *close = string_close(tokens, token);
            size_t count = size_t(close - name);
            bool escaped = memchr(name, '\\', count) != nullptr;
            bool taken = escaped ? append_unescaped(keys, name, close) : varve_column_append_bytes(keys, name, count);
            noted(taken);
            tokens.take();
            token = tokens.take();
            path[depth++] = {name, count, 0};
            if (taken && is_repeated(field, keys, first)) {
                keys->value_count--;
                keys->value_bytes = keys->offsets[keys->value_count];
                pass_unknown(token);
            } else {
                if (next == field.repetition) more(field.leaf_count);
                level(field.leaf, field.inner_definition, next);
                value(fields[field.child], token, field.inner_definition, next);
                next = field.repetition;
            }
            depth--;
            token = tokens.take();
            if (*token == ',') token = tokens.take();
        }
    }

    // Whether the last of the keys is among those before it, from `first` on.
    static bool is_repeated(shred_field &field, const varve_column *keys, size_t first) {
        size_t last = keys->value_count - 1, count = last - first;
        if (count >= names_compared) return is_in_table(field, keys, first);
        for (size_t i = first; i < last; i++) {
            if (is_same_key(keys, i, last)) return true;
        }
        return false;
    }

    // Names of a map that are compared one by one; more go by their hash.
    static constexpr size_t names_compared = 8;
    // A name that meets so many others on its way was made to.
    static constexpr size_t collisions_max = 256;

    static bool is_same_key(const varve_column *keys, size_t a, size_t b) {
        uint32_t bytes = keys->offsets[a + 1] - keys->offsets[a];
        return bytes == keys->offsets[b + 1] - keys->offsets[b] &&
               memcmp(keys->values + keys->offsets[a], keys->values + keys->offsets[b], bytes) == 0;
    }

    // Eight bytes at a time: behind the last value of a column there is room to read them.
    static uint64_t hash_key(const uint8_t *key, size_t count) {
        uint64_t hash = count * 0x9E3779B97F4A7C15u, word;
        for (; count > 8; key += 8, count -= 8) {
            memcpy(&word, key, 8);
            hash = mixed(hash ^ word);
        }
        memcpy(&word, key, 8);
        return mixed(hash ^ (count ? word << (64 - 8 * count) : 0));
    }

    static uint64_t mixed(uint64_t hash) {
        hash *= 0xFF51AFD7ED558CCDu;
        hash = (hash ^ hash >> 32) * 0xFF51AFD7ED558CCDu;
        return hash ^ hash >> 32;
    }

    // The table holds places counted from `first`, and is half empty at least.
    static bool is_in_table(shred_field &field, const varve_column *keys, size_t first) {
        size_t count = keys->value_count - 1 - first;
        std::vector<int32_t> &table = field.table;
        if (count == names_compared && table.capacity() * sizeof(int32_t) > scratch_bytes_kept) table = {};
        if (count == names_compared || 2 * (count + 1) > table.size()) {
            // Maps mostly have about as many names as the one before.
            size_t usual = std::min(std::max(table.size(), size_t(64)), size_t(1024));
            table.assign(count == names_compared ? usual : 2 * table.size(), -1);
            for (size_t place = 0; place < count; place++) put_in_table(table, keys, first, place);
        }
        return put_in_table(table, keys, first, count);
    }

    // True where the same name is in it already.
    static bool put_in_table(std::vector<int32_t> &table, const varve_column *keys, size_t first, size_t place) {
        size_t key = first + place, mask = table.size() - 1;
        size_t slot = hash_key(keys->values + keys->offsets[key], keys->offsets[key + 1] - keys->offsets[key]) & mask;
        for (size_t step = 0; step < collisions_max; step++, slot = (slot + 1) & mask) {
            if (table[slot] < 0) {
                table[slot] = int32_t(place);
                return false;
            }
            if (is_same_key(keys, first + size_t(table[slot]), key)) return true;
        }
        throw row_overflow();
    }
};

}  // namespace varve
#endif
