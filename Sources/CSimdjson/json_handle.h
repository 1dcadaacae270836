// What a handle of the door holds: the first stage with its index, the text judged last, and scratch memory.
#ifndef VARVE_JSON_HANDLE_H
#define VARVE_JSON_HANDLE_H

#include <simdjson.h>

#include <cstdlib>
#include <memory>

#include "CSimdjson.h"
#include "json_tokens.h"

namespace varve {

// The index takes 4 bytes for each byte of text; longer texts are scanned without one.
constexpr size_t indexed_bytes_max = 1 << 20;
// Scratch that a larger text made grow beyond this is given back with the next one.
constexpr size_t scratch_bytes_kept = 1 << 16;

}  // namespace varve

struct varve_json {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    int32_t depth_max = 0;
    const uint8_t *bytes = nullptr;
    size_t count = 0;
    bool is_indexed = false;
    uint8_t *scratch = nullptr;
    size_t scratch_capacity = 0;

    ~varve_json() { free(scratch); }

    bool reserve_index(size_t needed) {
        if (needed <= stage->capacity()) return true;
        size_t capacity = 4096;
        while (capacity < needed) capacity *= 2;
        return stage->set_capacity(capacity) == simdjson::SUCCESS;
    }

    void drop_large_scratch() {
        if (scratch_capacity <= varve::scratch_bytes_kept) return;
        free(scratch);
        scratch = nullptr;
        scratch_capacity = 0;
    }

    uint8_t *reserve_scratch(size_t needed) {
        if (needed > scratch_capacity) {
            auto *grown = static_cast<uint8_t *>(realloc(scratch, needed));
            if (!grown) return nullptr;
            scratch = grown;
            scratch_capacity = needed;
        }
        return scratch;
    }
};

namespace varve {

inline indexed_tokens index_of(const varve_json *handle) {
    const uint32_t *begin = handle->stage->structural_indexes.get();
    return {handle->bytes, begin, begin + handle->stage->n_structural_indexes};
}

inline scanned_tokens scan_of(const varve_json *handle) { return {handle->bytes, handle->bytes + handle->count}; }

}  // namespace varve
#endif
