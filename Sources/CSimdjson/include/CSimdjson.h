// The door to simdjson: strict JSON validation and look-ups by JSON Pointer, as plain C. No exception crosses it.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_json varve_json;

enum varve_json_outcome {
    VARVE_JSON_VALID = 0,
    VARVE_JSON_INVALID = 1,
    VARVE_JSON_TOO_DEEP = 2,
    // Not representable in 64 bits: may still be valid JSON (RFC 8259 sets no limit).
    VARVE_JSON_NUMBER = 3,
    VARVE_JSON_NO_MEMORY = 4,
};

enum varve_json_type {
    VARVE_JSON_ABSENT = 0,
    VARVE_JSON_NULL,
    VARVE_JSON_BOOL,
    VARVE_JSON_INT64,
    VARVE_JSON_UINT64,
    VARVE_JSON_DOUBLE,
    VARVE_JSON_STRING,
    VARVE_JSON_CONTAINER,
};

// A scalar of the last parsed document. `text` belongs to the parser and lives until its next parse.
struct varve_json_value {
    int type;
    int64_t integer;
    uint64_t natural;
    double number;
    const char *text;
    size_t text_bytes;
};

// NULL where there is no memory.
varve_json *varve_json_create(size_t depth_max);
void varve_json_destroy(varve_json *json);

// `bytes` must be followed by at least 64 readable bytes (SIMDJSON_PADDING).
int varve_json_parse(varve_json *json, const uint8_t *bytes, size_t count);

// Looks up a JSON Pointer (RFC 6901) in the document of the last successful parse.
void varve_json_at(varve_json *json, const char *pointer, size_t pointer_bytes, struct varve_json_value *value);

// Writes `bytes` without insignificant white space to `target`, which has room for `count`; returns the bytes written,
// or SIZE_MAX where it is not JSON.
size_t varve_json_minify(const uint8_t *bytes, size_t count, uint8_t *target);

#ifdef __cplusplus
}
#endif
#endif
