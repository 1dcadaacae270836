// What is checked or done to the bytes of a JSON text apart from its tokens.
#ifndef VARVE_JSON_TEXT_H
#define VARVE_JSON_TEXT_H

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "CSimdjson.h"

namespace varve {

struct marks {
    bool backslash, line_break;
};

// Looks for backslashes and line breaks, 16 bytes at a time and without a branch on the data.
inline marks find_marks(const uint8_t *p, size_t count) {
    typedef uint8_t vector __attribute__((vector_size(16)));
    vector backslash = {0}, line_break = {0};
    auto look = [&](const uint8_t *from) {
        vector v;
        memcpy(&v, from, 16);
        backslash |= (vector)(v == '\\');
        line_break |= (vector)(v == '\n') | (vector)(v == '\r');
    };
    size_t i = 0;
    for (; i + 16 <= count; i += 16) look(p + i);
    if (i < count) {
        uint8_t rest[16] = {0};
        memcpy(rest, p + i, count - i);
        look(rest);
    }
    uint64_t b[2], l[2];
    memcpy(b, &backslash, 16);
    memcpy(l, &line_break, 16);
    return {(b[0] | b[1]) != 0, (l[0] | l[1]) != 0};
}

// Four hex digits, or -1.
inline int32_t hex4(const uint8_t *p) {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i], lower = c | 0x20;
        int32_t digit = uint8_t(c - '0') < 10 ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

inline bool is_high(int32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
inline bool is_low(int32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Judges every escape sequence. Backslashes outside of strings are the grammar's to refuse.
inline int32_t check_escapes(const uint8_t *p, const uint8_t *end) {
    while ((p = static_cast<const uint8_t *>(memchr(p, '\\', size_t(end - p))))) {
        if (end - p < 2) return VARVE_JSON_SYNTAX;
        uint8_t c = p[1];
        if (c != 'u') {
            if (!c || !strchr("\"\\/bfnrt", c)) return VARVE_JSON_SYNTAX;
            p += 2;
            continue;
        }
        int32_t unit = end - p < 6 ? -1 : hex4(p + 2);
        if (unit < 0) return VARVE_JSON_SYNTAX;
        p += 6;
        if (is_low(unit)) return VARVE_JSON_SURROGATE;
        if (is_high(unit)) {
            if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !is_low(hex4(p + 2))) return VARVE_JSON_SURROGATE;
            p += 6;
        }
    }
    return VARVE_JSON_VALID;
}

inline uint8_t *put_utf8(uint8_t *target, int32_t point) {
    if (point < 0x80) {
        *target++ = uint8_t(point);
    } else if (point < 0x800) {
        *target++ = uint8_t(0xC0 | point >> 6);
        *target++ = uint8_t(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *target++ = uint8_t(0xE0 | point >> 12);
        *target++ = uint8_t(0x80 | (point >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (point & 0x3F));
    } else {
        *target++ = uint8_t(0xF0 | point >> 18);
        *target++ = uint8_t(0x80 | (point >> 12 & 0x3F));
        *target++ = uint8_t(0x80 | (point >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (point & 0x3F));
    }
    return target;
}

// Resolves the escapes of a valid string's inside; the result is never longer. Answers its length.
inline size_t unescape(const uint8_t *p, const uint8_t *end, uint8_t *target) {
    uint8_t *begin = target;
    while (p < end) {
        if (*p != '\\') {
            *target++ = *p++;
            continue;
        }
        uint8_t c = p[1];
        p += 2;
        switch (c) {
        case 'b': *target++ = '\b'; break;
        case 'f': *target++ = '\f'; break;
        case 'n': *target++ = '\n'; break;
        case 'r': *target++ = '\r'; break;
        case 't': *target++ = '\t'; break;
        case 'u': {
            int32_t point = hex4(p);
            p += 4;
            if (is_high(point)) {
                point = 0x10000 + ((point - 0xD800) << 10) + (hex4(p + 2) - 0xDC00);
                p += 6;
            }
            target = put_utf8(target, point);
            break;
        }
        default: *target++ = c;
        }
    }
    return size_t(target - begin);
}

}  // namespace varve
#endif
