// A C door to simdjson: strict validation of one JSON text and look-up of single values in it.
// Nothing here throws, keeps a pointer to the caller's bytes past the next call, or reads outside of them.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "varve_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

enum varve_json_status {
    VARVE_JSON_VALID = 0,
    VARVE_JSON_VALID_WITH_LINE_BREAKS = 1,  // LF or CR between tokens
    VARVE_JSON_EMPTY = 2,                   // nothing, or white space only
    VARVE_JSON_SYNTAX = 3,
    VARVE_JSON_UTF8 = 4,
    VARVE_JSON_TOO_DEEP = 5,
    VARVE_JSON_SURROGATE = 6,  // an escaped UTF-16 surrogate without its other half
    VARVE_JSON_NUMBER = 7,     // a number beyond the range of a double
    VARVE_JSON_MEMORY = 8,
};

enum varve_json_kind {
    VARVE_JSON_MISSING = 0,
    VARVE_JSON_NULL = 1,
    VARVE_JSON_FALSE = 2,
    VARVE_JSON_TRUE = 3,
    VARVE_JSON_NUMERIC = 4,
    VARVE_JSON_STRING = 5,
    VARVE_JSON_ARRAY = 6,
    VARVE_JSON_OBJECT = 7,
};

typedef struct varve_json varve_json;

// One step of a JSON Pointer: a member's name, and the same as an array index (or -1 where it is none).
typedef struct {
    size_t offset, count;  // of the unescaped name in the pointer's text
    int64_t index;
} varve_json_step;

// A number as it is written, a string without quotes and escapes; valid until the next call with the same handle,
// and as long as the bytes that were parsed.
typedef struct {
    int32_t kind;
    const uint8_t *bytes;
    size_t count;
} varve_json_value;

varve_json *varve_json_create(int32_t depth_max);  // NULL: out of memory
void varve_json_destroy(varve_json *handle);

// Judges bytes[0..<count]; needs no padding behind them.
int32_t varve_json_parse(varve_json *handle, const uint8_t *bytes, size_t count);

// Looks a value up in the text of the last parse, which was valid and is still there. The first of several members
// of the same name counts.
varve_json_value varve_json_find(
    varve_json *handle, const uint8_t *text, const varve_json_step *steps, size_t step_count);

// The same for all members of a name at each step: shows `visit` one value after the other, each until it returns.
// Stops and answers true where it does.
bool varve_json_find_all(
    varve_json *handle, const uint8_t *text, const varve_json_step *steps, size_t step_count, void *context,
    bool (*visit)(void *context, varve_json_value value));

// Writes a valid text without white space between tokens; `target` has room for count + 64 bytes. Answers the length.
size_t varve_json_minify(const uint8_t *bytes, size_t count, uint8_t *target);

bool varve_utf8_valid(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

// Below, as it builds on the above: this header stands for the whole module.
#include "varve_shred.h"
#endif
