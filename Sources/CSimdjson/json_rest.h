// What of a row stands in no column.
#ifndef VARVE_JSON_REST_H
#define VARVE_JSON_REST_H

#include <string>
#include <vector>

#include "json_text.h"

namespace varve {

// One step on the way to a value: a name as it stands in the text, or an index.
struct shred_step {
    const uint8_t *name;
    size_t name_bytes;
    int64_t index;
};

// Thrown where a row would take far more memory than its text: what is appended so far has to be taken back.
struct row_overflow {};

// Bytes of a row's rest: a long name in a map stands in it once for each member inside.
inline size_t rest_allowed(size_t text_bytes) { return (size_t(1) << 16) + 8 * text_bytes; }

// What stands in no column: one JSON object of JSON Pointers (RFC 6901) and values as they are written.
struct rest_text {
    std::vector<uint8_t> bytes;
    size_t bytes_max = 0;

    void put(const uint8_t *from, size_t count) { bytes.insert(bytes.end(), from, from + count); }
    void put(char c) { bytes.push_back(uint8_t(c)); }

    // A name of the text keeps its escapes, but for those of the two characters that mean something in a pointer.
    void put_name(const uint8_t *p, size_t count) {
        for (const uint8_t *end = p + count; p < end; p++) {
            int32_t c = *p;
            size_t width = 1;
            if (c == '\\') {
                width = p[1] == 'u' ? 6 : 2;
                c = p[1] == '/' ? '/' : p[1] == 'u' ? hex4(p + 2) : 0;
            }
            if (c == '/' || c == '~') {
                put('~');
                put(c == '/' ? '1' : '0');
            } else {
                put(p, width);
            }
            p += width - 1;
        }
    }

    void put_member(const std::vector<shred_step> &path, size_t depth, const uint8_t *value, size_t count) {
        put(bytes.empty() ? '{' : ',');
        put('"');
        for (size_t i = 0; i < depth; i++) {
            put('/');
            if (path[i].name) {
                put_name(path[i].name, path[i].name_bytes);
            } else {
                std::string digits = std::to_string(path[i].index);
                put(reinterpret_cast<const uint8_t *>(digits.data()), digits.size());
            }
        }
        put('"');
        put(':');
        put(value, count);
        if (bytes.size() > bytes_max) throw row_overflow();
    }
};

}  // namespace varve
#endif
