// SPDX-License-Identifier: MPL-2.0
// From JSON to message; the conventions stand in json.h, the other direction in json_from.c.
//
// Takes no key that the message does not have: a typing error must not become a request without its date.
#include "fields.h"
#include "id_text.h"
#include "iso_time.h"
#include "json.h"
#include "utf8.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct mapping {
    struct arena *arena;
    const char *problem_field;
};

static enum bb_code fill(struct mapping *mapping, const json_t *json, const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **out);

static enum bb_code to_binary(struct mapping *mapping, const json_t *json, ProtobufCBinaryData *out)
{
    size_t text_size = json_string_length(json), size = 0;
    uint8_t *bytes = arena_alloc(mapping->arena, text_size);
    if (!bytes)
        return BB_TOO_LARGE;
    if (sodium_base642bin(bytes, text_size, json_string_value(json), text_size, NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return BB_BAD_VALUE;
    *out = (ProtobufCBinaryData){.len = size, .data = size ? bytes : NULL};
    return BB_OK;
}

static enum bb_code to_text(struct mapping *mapping, const json_t *json, ProtobufCBinaryData *out)
{
    size_t size = json_string_length(json);
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    if (!utf8_valid(text, size))
        return BB_BAD_TEXT;
    uint8_t *copy = size ? arena_copy(mapping->arena, text, size) : NULL;
    if (size && !copy)
        return BB_TOO_LARGE;
    *out = (ProtobufCBinaryData){.len = size, .data = copy};
    return BB_OK;
}

static bool to_uint64(const json_t *json, uint64_t *out)
{
    if (json_is_integer(json)) {
        *out = (uint64_t)json_integer_value(json);
        return json_integer_value(json) >= 0;
    }
    const char *text = json_string_value(json);
    if (!text || !*text || text[strspn(text, "0123456789")])
        return false;
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return errno == 0;
}

static bool to_uint32(const json_t *json, uint32_t *out)
{
    json_int_t number = json_integer_value(json);
    *out = (uint32_t)number;
    return json_is_integer(json) && number >= 0 && number <= UINT32_MAX;
}

static bool to_int64(const ProtobufCFieldDescriptor *field, const json_t *json, int64_t *out)
{
    if (json_is_integer(json)) {
        *out = json_integer_value(json);
        return true;
    }
    return field_is_time(field) && json_is_string(json) && iso_time_read(json_string_value(json), out);
}

static bool same_word(const char *name, const char *word)
{
    for (; *name && *word; name++, word++) {
        char c = *word == '-' ? '_' : *word;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != *name)
            return false;
    }
    return !*name && !*word;
}

static bool to_enum(const ProtobufCFieldDescriptor *field, const json_t *json, int32_t *out)
{
    const ProtobufCEnumDescriptor *words = field->descriptor;
    if (json_is_integer(json)) {
        json_int_t number = json_integer_value(json);
        *out = (int32_t)number;
        return number >= 0 && number <= INT32_MAX;
    }
    for (unsigned i = 0; json_is_string(json) && i < words->n_values; i++) {
        if (same_word(words->values[i].name + enum_prefix_size(words), json_string_value(json))) {
            *out = words->values[i].value;
            return true;
        }
    }
    return false;
}

static enum bb_code checked(bool fine)
{
    return fine ? BB_OK : BB_BAD_VALUE;
}

static enum bb_code to_bytes(struct mapping *mapping, const ProtobufCFieldDescriptor *field, const json_t *json,
                             ProtobufCBinaryData *out)
{
    if (!json_is_string(json))
        return BB_BAD_VALUE;
    return field_is_binary(field) ? to_binary(mapping, json, out) : to_text(mapping, json, out);
}

static enum bb_code to_value(struct mapping *mapping, const ProtobufCFieldDescriptor *field, const json_t *json,
                             void *out)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return fill(mapping, json, field->descriptor, out);
    case PROTOBUF_C_TYPE_BYTES:
        return to_bytes(mapping, field, json, out);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)out = json_is_true(json);
        return checked(json_is_boolean(json));
    case PROTOBUF_C_TYPE_ENUM:
        return checked(to_enum(field, json, out));
    case PROTOBUF_C_TYPE_UINT32:
        return checked(to_uint32(json, out));
    case PROTOBUF_C_TYPE_UINT64:
        return checked(to_uint64(json, out));
    case PROTOBUF_C_TYPE_FIXED64:
        return checked(json_is_string(json) && id_from_text(json_string_value(json), out));
    case PROTOBUF_C_TYPE_INT64:
        return checked(to_int64(field, json, out));
    default:
        return BB_BAD_VALUE; // test_schema.c keeps other types out of the schema
    }
}

static enum bb_code to_array(struct mapping *mapping, const ProtobufCFieldDescriptor *field, const json_t *json,
                             uint8_t *base)
{
    if (!json_is_array(json))
        return BB_BAD_VALUE;
    size_t count = json_array_size(json), value_size = field_value_size(field);
    uint8_t *values = arena_alloc(mapping->arena, count * value_size);
    if (!values)
        return BB_TOO_LARGE;
    for (size_t i = 0; i < count; i++) {
        enum bb_code code = to_value(mapping, field, json_array_get(json, i), values + i * value_size);
        if (code != BB_OK)
            return code;
    }
    memcpy(base + field->offset, &values, sizeof values);
    memcpy(base + field->quantifier_offset, &count, sizeof count);
    return BB_OK;
}

static enum bb_code to_field(struct mapping *mapping, const ProtobufCFieldDescriptor *field, const json_t *json,
                             ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;
    if (json_is_null(json))
        return BB_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return to_array(mapping, field, json, base);
    if (field_is_one_of(field)) {
        uint32_t *member = (void *)(base + field->quantifier_offset);
        if (*member != 0)
            return BB_BAD_VALUE;
        *member = field->id;
    }
    return to_value(mapping, field, json, base + field->offset);
}

static enum bb_code fill(struct mapping *mapping, const json_t *json, const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **out)
{
    if (!json_is_object(json))
        return BB_BAD_VALUE;
    ProtobufCMessage *message = arena_alloc(mapping->arena, type->sizeof_message);
    if (!message)
        return BB_TOO_LARGE;
    protobuf_c_message_init(type, message);
    // jansson's iterators take a json_t that is not const, but change nothing
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, key);
        enum bb_code code = field ? to_field(mapping, field, value, message) : BB_BAD_VALUE;
        if (code != BB_OK) {
            if (!mapping->problem_field) // the innermost key was there first
                mapping->problem_field = key;
            return code;
        }
    }
    *out = message;
    return BB_OK;
}

enum bb_code json_to_message(const json_t *json, const ProtobufCMessageDescriptor *type, struct arena *arena, void *out,
                             const char **problem_field)
{
    struct mapping mapping = {.arena = arena};
    ProtobufCMessage *message = NULL;
    enum bb_code code = fill(&mapping, json, type, &message);
    *problem_field = mapping.problem_field;
    if (code == BB_OK)
        memcpy(out, &message, sizeof message);
    return code;
}
