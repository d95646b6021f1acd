// SPDX-License-Identifier: MPL-2.0
// From message to JSON; the conventions stand in json.h, the other direction in json_to.c.
//
// Walks the descriptors, as deep as the schema is; no message type contains itself (test_schema.c).
#include "fields.h"
#include "id_text.h"
#include "iso_time.h"
#include "json.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *from_base64(const ProtobufCBinaryData *bytes)
{
    if (bytes->len > SIZE_MAX / 2)
        return NULL;
    size_t size = sodium_base64_ENCODED_LEN(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);
    if (!text)
        return NULL;
    sodium_bin2base64(text, size, bytes->data, bytes->len, sodium_base64_VARIANT_ORIGINAL);
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *from_bytes(const ProtobufCFieldDescriptor *field, const ProtobufCBinaryData *bytes)
{
    if (field_is_binary(field))
        return from_base64(bytes);
    return json_stringn(bytes->len ? (const char *)bytes->data : "", bytes->len);
}

static json_t *from_number(uint64_t number)
{
    if (number <= INT64_MAX)
        return json_integer((json_int_t)number);
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

static json_t *from_id(uint64_t id)
{
    char text[ID_TEXT_SIZE + 1];
    id_to_text(id, text);
    return json_string(text);
}

static json_t *from_int64(const ProtobufCFieldDescriptor *field, int64_t number)
{
    char text[ISO_TIME_SIZE + 1];
    if (field_is_time(field) && iso_time_write(number, text))
        return json_string(text);
    return json_integer(number);
}

// A number that this schema has no word for comes from a newer program, and stays a number.
static json_t *from_enum(const ProtobufCFieldDescriptor *field, int32_t number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (!value)
        return json_integer(number);
    char word[64];
    snprintf(word, sizeof word, "%s", value->name + enum_prefix_size(field->descriptor));
    for (char *c = word; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return json_string(word);
}

static json_t *from_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_from_message(*(const ProtobufCMessage *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
        return from_bytes(field, value);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)value);
    case PROTOBUF_C_TYPE_ENUM:
        return from_enum(field, *(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(*(const uint32_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
        return from_number(*(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FIXED64:
        return from_id(*(const uint64_t *)value);
    case PROTOBUF_C_TYPE_INT64:
        return from_int64(field, *(const int64_t *)value);
    default:
        return NULL; // test_schema.c keeps other types out of the schema
    }
}

static bool always_shown(const ProtobufCFieldDescriptor *field)
{
    static const char *const names[] = {"seq", "revision", "code", "state"};
    if (field->type != PROTOBUF_C_TYPE_UINT32 && field->type != PROTOBUF_C_TYPE_UINT64)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(field->name, names[i]) == 0)
            return true;
    return false;
}

static bool is_empty(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const uint8_t zeros[sizeof(uint64_t)];
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(const ProtobufCMessage *const *)value == NULL;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    default:
        return memcmp(value, zeros, field_value_size(field)) == 0;
    }
}

static json_t *from_array(const ProtobufCFieldDescriptor *field, const uint8_t *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, from_value(field, values + i * field_value_size(field))) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static bool add_field(json_t *object, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    const void *value = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)quantifier;
        const uint8_t *values = *(const uint8_t *const *)value;
        return !count || json_object_set_new(object, field->name, from_array(field, values, count)) == 0;
    }
    if (field_is_one_of(field) && *(const uint32_t *)quantifier != field->id)
        return true;
    if (is_empty(field, value) && !always_shown(field))
        return true;
    return json_object_set_new(object, field->name, from_value(field, value)) == 0;
}

json_t *json_from_message(const ProtobufCMessage *message)
{
    json_t *object = json_object();
    for (unsigned i = 0; object && i < message->descriptor->n_fields; i++) {
        if (!add_field(object, message, &message->descriptor->fields[i])) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
