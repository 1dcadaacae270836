// The grammar of RFC 8259 over a stream of tokens.
#ifndef VARVE_JSON_GRAMMAR_H
#define VARVE_JSON_GRAMMAR_H

#include <charconv>
#include <cstring>

#include "CSimdjson.h"
#include "json_tokens.h"

namespace varve {

constexpr int32_t depth_limit = 1024;

inline bool is_digit(uint8_t c) { return uint8_t(c - '0') < 10; }

// Over 308 digits before the point, or an exponent of three digits, may be out of a double's range.
inline bool in_range(const uint8_t *begin, const uint8_t *end) {
    double value;
    auto result = std::from_chars(reinterpret_cast<const char *>(begin), reinterpret_cast<const char *>(end), value);
    if (result.ec != std::errc::result_out_of_range) return true;
    // Too small is no trouble: every reader takes that for zero.
    const uint8_t *e = begin;
    while (e < end && *e != 'e' && *e != 'E') e++;
    return e < end && e + 1 < end && e[1] == '-';
}

// The first byte from `p` on that is no digit, found eight bytes at a time: the lengths of numbers are what a branch
// predictor cannot learn. A byte that ends a scalar follows before `end`.
inline const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end) {
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        // A digit has the high nibble 3, and still has it after adding 6; no byte carries into the next.
        uint64_t high = word & 0xF0F0F0F0F0F0F0F0;
        uint64_t over = ((word & 0x7F7F7F7F7F7F7F7F) + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0;
        uint64_t other = (high ^ 0x3030303030303030) | (over ^ 0x3030303030303030);
        if (other) return p + (__builtin_ctzll(other) >> 3);
        p += 8;
    }
    while (is_digit(*p)) p++;
    return p;
}

// Judges a number; a byte that ends a scalar follows before `end`.
inline int32_t check_number(const uint8_t *p, const uint8_t *end) {
    const uint8_t *begin = p;
    if (*p == '-') p++;
    if (!is_digit(*p)) return VARVE_JSON_SYNTAX;
    if (*p == '0') {
        p++;
    } else {
        p = skip_digits(p, end);
    }
    bool suspicious = p - begin > 300;
    if (*p == '.') {
        p++;
        if (!is_digit(*p)) return VARVE_JSON_SYNTAX;
        p = skip_digits(p, end);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        const uint8_t *exponent = p;
        if (!is_digit(*p)) return VARVE_JSON_SYNTAX;
        while (is_digit(*p)) p++;
        suspicious |= p - exponent >= 3 || p - begin > 100;
    }
    if (!ends_scalar(*p)) return VARVE_JSON_SYNTAX;
    return suspicious && !in_range(begin, p) ? VARVE_JSON_NUMBER : VARVE_JSON_VALID;
}

// Stops at the first byte that differs, so never reads past the byte that ends the scalar.
inline bool is_literal(const uint8_t *p, const char *word) {
    while (*word) {
        if (*p++ != uint8_t(*word++)) return false;
    }
    return ends_scalar(*p);
}

inline int32_t check_scalar(const uint8_t *p, const uint8_t *end) {
    switch (*p) {
    case 't': return is_literal(p, "true") ? VARVE_JSON_VALID : VARVE_JSON_SYNTAX;
    case 'f': return is_literal(p, "false") ? VARVE_JSON_VALID : VARVE_JSON_SYNTAX;
    case 'n': return is_literal(p, "null") ? VARVE_JSON_VALID : VARVE_JSON_SYNTAX;
    default: return check_number(p, end);
    }
}

// Judges a text whose first token is `{` or `[` and whose last byte that is not white space is `}` or `]`: so that
// only behind such a byte the tokens can be at their end, and every scalar is followed by one in memory.
template <class Tokens>
int32_t check_container(Tokens &tokens, const uint8_t *end, int32_t depth_max) {
    bool is_array[depth_limit];
    int32_t depth = 0;
    const uint8_t *token = tokens.take();

open:  // `token` opens a container
    if (depth == depth_max) return VARVE_JSON_TOO_DEEP;
    is_array[depth++] = *token == '[';
    if (*token == '[') {
        token = tokens.take();
        if (*token == ']') goto close;
        goto array_value;
    }
    token = tokens.take();
    if (*token == '}') goto close;

object_name:
    if (*token != '"' || *tokens.take() != ':') return VARVE_JSON_SYNTAX;
    token = tokens.take();
    if (*token != '"') {
        if (*token == '{' || *token == '[') goto open;
        if (int32_t status = check_scalar(token, end)) return status;
    }

object_next:
    token = tokens.take();
    if (*token == ',') {
        token = tokens.take();
        goto object_name;
    }
    if (*token != '}') return VARVE_JSON_SYNTAX;
    goto close;

array_value:
    if (*token != '"') {
        if (*token == '{' || *token == '[') goto open;
        if (int32_t status = check_scalar(token, end)) return status;
    }

array_next:
    token = tokens.take();
    if (*token == ',') {
        token = tokens.take();
        goto array_value;
    }
    if (*token != ']') return VARVE_JSON_SYNTAX;

close:
    if (--depth == 0) return tokens.at_end() ? VARVE_JSON_VALID : VARVE_JSON_SYNTAX;
    if (tokens.at_end()) return VARVE_JSON_SYNTAX;
    if (is_array[depth - 1]) goto array_next;
    goto object_next;
}

}  // namespace varve
#endif
