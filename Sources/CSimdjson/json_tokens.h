// Two ways of walking over the tokens of a JSON text, one behaviour: `take` answers where the next token starts.
#ifndef VARVE_JSON_TOKENS_H
#define VARVE_JSON_TOKENS_H

#include <cstdint>

namespace varve {

inline bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// What may stand behind a number or a literal.
inline bool ends_scalar(uint8_t c) { return is_space(c) || c == ',' || c == ']' || c == '}'; }

// Token starts from simdjson's first stage, which has also checked UTF-8, quotes and control characters.
// Callers take only where a token is left.
struct indexed_tokens {
    const uint8_t *bytes;
    const uint32_t *next;
    const uint32_t *end;

    const uint8_t *take() { return bytes + *next++; }
    bool at_end() { return next == end; }
};

// Token starts found byte by byte: for texts so large that an index of them would not fit the memory budget.
// Behind a string that is not closed or holds a control character it answers a NUL, which no rule takes for a token.
struct scanned_tokens {
    const uint8_t *next;
    const uint8_t *end;
    const uint8_t *last = nullptr;  // the token taken before, still to be skipped
    bool is_broken = false;

    static const uint8_t *none() {
        static const uint8_t nul[8] = {0};
        return nul;
    }

    void skip_last() {
        const uint8_t *token = last;
        last = nullptr;
        if (!token) return;
        next = token + 1;
        if (*token == '"') {
            while (next < end && *next != '"' && *next >= 0x20) next += *next == '\\' ? 2 : 1;
            is_broken = next >= end || *next != '"';
            next = is_broken ? end : next + 1;
        } else if (*token != '{' && *token != '}' && *token != '[' && *token != ']' && *token != ':' && *token != ',') {
            while (next < end && !ends_scalar(*next) && *next != ':' && *next != '"' && *next != '{' && *next != '[')
                next++;
        }
    }

    bool at_end() {
        skip_last();
        while (next < end && is_space(*next)) next++;
        return next >= end && !is_broken;
    }

    const uint8_t *take() {
        if (at_end() || is_broken) return none();
        last = next;
        return next;
    }
};

}  // namespace varve
#endif
