#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

namespace dom = simdjson::dom;

struct varve_json {
    dom::parser parser;
    dom::element root;
    size_t depth_max;
    bool has_root = false;
};

static const size_t first_capacity = 64 << 10;

varve_json *varve_json_create(size_t depth_max) {
    varve_json *json = new (std::nothrow) varve_json;
    if (json == nullptr) return nullptr;
    json->depth_max = depth_max;
    if (json->parser.allocate(first_capacity, depth_max) != simdjson::SUCCESS) {
        delete json;
        return nullptr;
    }
    return json;
}

void varve_json_destroy(varve_json *json) { delete json; }

int varve_json_parse(varve_json *json, const uint8_t *bytes, size_t count) {
    json->has_root = false;
    if (count > json->parser.capacity()) {
        size_t capacity = json->parser.capacity();
        while (capacity < count) capacity *= 2;
        if (json->parser.allocate(capacity, json->depth_max) != simdjson::SUCCESS) return VARVE_JSON_NO_MEMORY;
    }
    // false: the bytes are padded already, so they are parsed where they are.
    simdjson::error_code error = json->parser.parse(bytes, count, false).get(json->root);
    switch (error) {
    case simdjson::SUCCESS:
        json->has_root = true;
        return VARVE_JSON_VALID;
    case simdjson::DEPTH_ERROR:
        return VARVE_JSON_TOO_DEEP;
    case simdjson::NUMBER_ERROR:
        return VARVE_JSON_NUMBER;
    case simdjson::MEMALLOC:
        return VARVE_JSON_NO_MEMORY;
    default:
        return VARVE_JSON_INVALID;
    }
}

void varve_json_at(varve_json *json, const char *pointer, size_t pointer_bytes, struct varve_json_value *value) {
    *value = {};
    if (!json->has_root) return;
    dom::element found;
    if (json->root.at_pointer(std::string_view(pointer, pointer_bytes)).get(found) != simdjson::SUCCESS) return;
    switch (found.type()) {
    case dom::element_type::NULL_VALUE:
        value->type = VARVE_JSON_NULL;
        break;
    case dom::element_type::BOOL: {
        bool truth = false;
        (void)found.get(truth);
        value->type = VARVE_JSON_BOOL;
        value->integer = truth;
        break;
    }
    case dom::element_type::INT64:
        value->type = found.get(value->integer) == simdjson::SUCCESS ? VARVE_JSON_INT64 : VARVE_JSON_ABSENT;
        break;
    case dom::element_type::UINT64:
        value->type = found.get(value->natural) == simdjson::SUCCESS ? VARVE_JSON_UINT64 : VARVE_JSON_ABSENT;
        break;
    case dom::element_type::DOUBLE:
        value->type = found.get(value->number) == simdjson::SUCCESS ? VARVE_JSON_DOUBLE : VARVE_JSON_ABSENT;
        break;
    case dom::element_type::STRING: {
        std::string_view text;
        if (found.get(text) != simdjson::SUCCESS) return;
        value->type = VARVE_JSON_STRING;
        value->text = text.data();
        value->text_bytes = text.size();
        break;
    }
    default:
        value->type = VARVE_JSON_CONTAINER;
    }
}

size_t varve_json_minify(const uint8_t *bytes, size_t count, uint8_t *target) {
    size_t written = 0;
    simdjson::error_code error = simdjson::minify(
        reinterpret_cast<const char *>(bytes), count, reinterpret_cast<char *>(target), written);
    return error == simdjson::SUCCESS ? written : SIZE_MAX;
}
