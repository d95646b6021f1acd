// SPDX-License-Identifier: MPL-2.0
// The conventions of wire.proto as questions to protobuf-c's descriptors.
//
// Owns nothing and keeps nothing; see fields.h.
#include "fields.h"

#include <stdint.h>
#include <string.h>

static bool ends_in(const char *name, const char *end)
{
    size_t name_size = strlen(name), end_size = strlen(end);
    return name_size >= end_size && strcmp(name + name_size - end_size, end) == 0;
}

bool field_is_binary(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_BYTES && ends_in(field->name, "_bytes");
}

bool field_is_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_BYTES && !ends_in(field->name, "_bytes");
}

bool field_is_time(const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_INT64)
        return false;
    return ends_in(field->name, "_at_ms") || ends_in(field->name, "_by_ms") || strcmp(field->name, "at_ms") == 0;
}

bool field_is_one_of(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

size_t enum_prefix_size(const ProtobufCEnumDescriptor *words)
{
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(words, 0);
    if (!zero || !ends_in(zero->name, "_UNSET"))
        return 0;
    return strlen(zero->name) - strlen("UNSET");
}

size_t field_value_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default: // 32 bits wide, an enum too
        return sizeof(uint32_t);
    }
}
