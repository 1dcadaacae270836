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

// Looks for backslashes and line breaks, `width` bytes at a time and without a branch on the data.
template <size_t width>
__attribute__((always_inline)) inline marks find_marks_by(const uint8_t *p, size_t count) {
    typedef uint8_t vector __attribute__((vector_size(width)));
    vector backslash = {0}, line_break = {0};
    auto look = [&](const uint8_t *from) __attribute__((always_inline)) {
        vector v;
        memcpy(&v, from, width);
        backslash |= (vector)(v == '\\');
        line_break |= (vector)(v == '\n') | (vector)(v == '\r');
    };
    if (count < width) {
        uint8_t copy[width] = {0};
        memcpy(copy, p, count);
        look(copy);
    } else {
        for (size_t i = 0; i + width <= count; i += width) look(p + i);
        look(p + count - width);
    }
    uint64_t b[width / 8], l[width / 8], any_b = 0, any_l = 0;
    memcpy(b, &backslash, width);
    memcpy(l, &line_break, width);
    for (size_t i = 0; i < width / 8; i++) {
        any_b |= b[i];
        any_l |= l[i];
    }
    return {any_b != 0, any_l != 0};
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) inline marks find_marks_avx2(const uint8_t *p, size_t count) {
    return find_marks_by<32>(p, count);
}

inline marks find_marks(const uint8_t *p, size_t count) {
    static const bool has_avx2 = __builtin_cpu_supports("avx2");
    return has_avx2 ? find_marks_avx2(p, count) : find_marks_by<16>(p, count);
}
#else
inline marks find_marks(const uint8_t *p, size_t count) { return find_marks_by<16>(p, count); }
#endif

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
