#include "CSimdjson.h"

#include <new>

#include "json_find.h"
#include "json_grammar.h"
#include "json_handle.h"
#include "json_text.h"

// simdjson's first stage (token index, UTF-8, quotes, control characters) with a second stage of our own: it builds
// no tree, and unlike simdjson's takes numbers of any length. See docs/decisions/0040-json-validation.md.

using namespace varve;

static int32_t status_of(simdjson::error_code code) {
    switch (code) {
    case simdjson::SUCCESS: return VARVE_JSON_VALID;
    case simdjson::EMPTY: return VARVE_JSON_EMPTY;
    case simdjson::UTF8_ERROR: return VARVE_JSON_UTF8;
    case simdjson::MEMALLOC: return VARVE_JSON_MEMORY;
    default: return VARVE_JSON_SYNTAX;
    }
}

// A text that is one scalar: copied, so that a byte that ends it follows.
static int32_t check_root_scalar(varve_json *handle, const uint8_t *first, const uint8_t *last) {
    size_t count = size_t(last - first) + 1;
    if (*first == '"') return *last == '"' && count >= 2 ? VARVE_JSON_VALID : VARVE_JSON_SYNTAX;
    uint8_t *copy = handle->reserve_scratch(count + 1);
    if (!copy) return VARVE_JSON_MEMORY;
    memcpy(copy, first, count);
    copy[count] = ' ';
    return check_scalar(copy, copy + count + 1);
}

template <class Tokens>
static int32_t check_root(varve_json *handle, Tokens tokens, const uint8_t *first, const uint8_t *last) {
    if (*first == '{' || *first == '[') {
        if (*last != (*first == '{' ? '}' : ']')) return VARVE_JSON_SYNTAX;
        return check_container(tokens, last + 1, handle->depth_max);
    }
    tokens.take();
    if (!tokens.at_end()) return VARVE_JSON_SYNTAX;
    return check_root_scalar(handle, first, last);
}

extern "C" {

varve_json *varve_json_create(int32_t depth_max) {
    auto *handle = new (std::nothrow) varve_json;
    if (!handle) return nullptr;
    handle->depth_max = depth_max < 1 ? 1 : depth_max > depth_limit ? depth_limit : depth_max;
    auto code = simdjson::get_active_implementation()->create_dom_parser_implementation(4096, 1, handle->stage);
    if (code != simdjson::SUCCESS) {
        delete handle;
        return nullptr;
    }
    return handle;
}

void varve_json_destroy(varve_json *handle) { delete handle; }

int32_t varve_json_parse(varve_json *handle, const uint8_t *bytes, size_t count) {
    handle->drop_large_scratch();
    handle->bytes = bytes;
    handle->count = count;
    handle->is_indexed = count <= indexed_bytes_max;
    const uint8_t *first = bytes, *end = bytes + count;
    while (first < end && is_space(*first)) first++;
    if (first == end) return VARVE_JSON_EMPTY;
    const uint8_t *last = end - 1;
    while (is_space(*last)) last--;
    int32_t status;
    if (handle->is_indexed) {
        if (!handle->reserve_index(count)) return VARVE_JSON_MEMORY;
        status = status_of(handle->stage->stage1(bytes, count, simdjson::stage1_mode::regular));
        if (!status) status = check_root(handle, index_of(handle), first, last);
    } else {
        if (!simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count)) return VARVE_JSON_UTF8;
        status = check_root(handle, scan_of(handle), first, last);
    }
    if (status) return status;
    marks found = find_marks(bytes, count);
    if (found.backslash) status = check_escapes(first, end);
    if (status) return status;
    return found.line_break ? VARVE_JSON_VALID_WITH_LINE_BREAKS : VARVE_JSON_VALID;
}

varve_json_value varve_json_find(
    varve_json *handle, const uint8_t *text, const varve_json_step *steps, size_t step_count) {
    if (handle->is_indexed) return find_value(handle, index_of(handle), text, steps, step_count);
    return find_value(handle, scan_of(handle), text, steps, step_count);
}

bool varve_json_find_all(
    varve_json *handle, const uint8_t *text, const varve_json_step *steps, size_t step_count, void *context,
    bool (*visit)(void *context, varve_json_value value)) {
    auto see = [=](varve_json_value value) { return visit(context, value); };
    if (handle->is_indexed) {
        indexed_tokens tokens = index_of(handle);
        const uint8_t *root = tokens.take();
        return visit_values(handle, tokens, root, text, steps, step_count, see);
    }
    scanned_tokens tokens = scan_of(handle);
    const uint8_t *root = tokens.take();
    return visit_values(handle, tokens, root, text, steps, step_count, see);
}

size_t varve_json_minify(const uint8_t *bytes, size_t count, uint8_t *target) {
    size_t length = 0;
    auto code = simdjson::minify(
        reinterpret_cast<const char *>(bytes), count, reinterpret_cast<char *>(target), length);
    return code == simdjson::SUCCESS ? length : 0;
}

bool varve_utf8_valid(const uint8_t *bytes, size_t count) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count);
}
}
