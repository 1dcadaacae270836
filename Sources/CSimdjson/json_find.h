// Look-up of one value by the steps of a JSON Pointer (RFC 6901) in a text that was judged valid.
#ifndef VARVE_JSON_FIND_H
#define VARVE_JSON_FIND_H

#include "json_grammar.h"
#include "json_text.h"

namespace varve {

// The byte behind the inside of the string that starts at `quote`; the string is valid.
inline const uint8_t *string_end(const uint8_t *quote) {
    const uint8_t *p = quote + 1;
    while (*p != '"') p += *p == '\\' ? 2 : 1;
    return p;
}

template <class Handle>
bool is_name(Handle *handle, const uint8_t *quote, const uint8_t *name, size_t count) {
    const uint8_t *end = string_end(quote), *inside = quote + 1;
    size_t length = size_t(end - inside);
    if (!memchr(inside, '\\', length)) return length == count && memcmp(inside, name, count) == 0;
    uint8_t *copy = handle->reserve_scratch(length);
    return copy && unescape(inside, end, copy) == count && memcmp(copy, name, count) == 0;
}

// Skips the rest of the value that starts with `token`.
template <class Tokens>
void skip_value(Tokens &tokens, const uint8_t *token) {
    int64_t depth = 0;
    while (true) {
        if (*token == '{' || *token == '[') depth++;
        if (*token == '}' || *token == ']') depth--;
        if (depth == 0) return;
        token = tokens.take();
    }
}

// The token of the value one step down from the container that `token` opens; NULL where there is none.
template <class Handle, class Tokens>
const uint8_t *find_step(
    Handle *handle, Tokens &tokens, const uint8_t *token, const uint8_t *text, const varve_json_step &step) {
    if (*token == '{') {
        token = tokens.take();
        while (*token == '"') {
            bool found = is_name(handle, token, text + step.offset, step.count);
            tokens.take();
            token = tokens.take();
            if (found) return token;
            skip_value(tokens, token);
            if (*tokens.take() != ',') return nullptr;
            token = tokens.take();
        }
        return nullptr;
    }
    if (*token != '[' || step.index < 0) return nullptr;
    token = tokens.take();
    if (*token == ']') return nullptr;
    for (int64_t i = 0; i < step.index; i++) {
        skip_value(tokens, token);
        if (*tokens.take() != ',') return nullptr;
        token = tokens.take();
    }
    return token;
}

template <class Handle>
varve_json_value value_at(Handle *handle, const uint8_t *token, const uint8_t *end) {
    switch (*token) {
    case '{': return {VARVE_JSON_OBJECT, nullptr, 0};
    case '[': return {VARVE_JSON_ARRAY, nullptr, 0};
    case 'n': return {VARVE_JSON_NULL, nullptr, 0};
    case 't': return {VARVE_JSON_TRUE, nullptr, 0};
    case 'f': return {VARVE_JSON_FALSE, nullptr, 0};
    case '"': {
        const uint8_t *inside = token + 1, *close = string_end(token);
        size_t length = size_t(close - inside);
        if (!memchr(inside, '\\', length)) return {VARVE_JSON_STRING, inside, length};
        uint8_t *copy = handle->reserve_scratch(length);
        if (!copy) return {VARVE_JSON_MISSING, nullptr, 0};
        return {VARVE_JSON_STRING, copy, unescape(inside, close, copy)};
    }
    default: {
        const uint8_t *p = token;
        while (p < end && !ends_scalar(*p)) p++;
        return {VARVE_JSON_NUMERIC, token, size_t(p - token)};
    }
    }
}

template <class Handle, class Tokens>
varve_json_value find_value(
    Handle *handle, Tokens tokens, const uint8_t *text, const varve_json_step *steps, size_t step_count) {
    const uint8_t *end = handle->bytes + handle->count;
    const uint8_t *token = tokens.take();
    for (size_t i = 0; i < step_count; i++) {
        token = find_step(handle, tokens, token, text, steps[i]);
        if (!token) return {VARVE_JSON_MISSING, nullptr, 0};
    }
    return value_at(handle, token, end);
}

// Shows `visit` every value that the steps lead to from `token`, by all members of a name; stops and answers true
// where it does.
template <class Handle, class Tokens, class Visit>
bool visit_values(
    Handle *handle, Tokens tokens, const uint8_t *token, const uint8_t *text, const varve_json_step *steps,
    size_t step_count, Visit visit) {
    if (step_count == 0) return visit(value_at(handle, token, handle->bytes + handle->count));
    if (*token != '{') {
        token = find_step(handle, tokens, token, text, *steps);
        return token && visit_values(handle, tokens, token, text, steps + 1, step_count - 1, visit);
    }
    token = tokens.take();
    while (*token == '"') {
        bool found = is_name(handle, token, text + steps->offset, steps->count);
        tokens.take();
        token = tokens.take();
        if (found && visit_values(handle, tokens, token, text, steps + 1, step_count - 1, visit)) return true;
        skip_value(tokens, token);
        if (*tokens.take() != ',') return false;
        token = tokens.take();
    }
    return false;
}

}  // namespace varve
#endif
