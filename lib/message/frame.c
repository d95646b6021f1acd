// SPDX-License-Identifier: MPL-2.0
// Packs and unpacks frames, and checks the texts of a message by walking its descriptors.
//
// The walk recurses as deep as the schema does; no message type contains itself (test_schema.c), so that is bounded.
#include "frame.h"

#include "bounds.h"
#include "fields.h"
#include "utf8.h"

#include <string.h>

enum { VERSION_SIZE = 1 };

enum bb_code frame_pack(const ProtobufCMessage *message, size_t size_max, struct arena *arena, uint8_t **out,
                        size_t *out_size)
{
    size_t packed_size = protobuf_c_message_get_packed_size(message);
    if (packed_size > SIZE_MAX - VERSION_SIZE || packed_size + VERSION_SIZE > size_max)
        return BB_TOO_LARGE;
    uint8_t *bytes = arena_alloc(arena, VERSION_SIZE + packed_size);
    if (!bytes)
        return BB_NO_MEMORY;
    bytes[0] = PROTOCOL_VERSION;
    protobuf_c_message_pack(message, bytes + VERSION_SIZE);
    *out = bytes;
    *out_size = VERSION_SIZE + packed_size;
    return BB_OK;
}

enum bb_code frame_unpack(const uint8_t *bytes, size_t size, size_t size_max, const ProtobufCMessageDescriptor *type,
                          struct arena *arena, void *out)
{
    if (size > size_max)
        return BB_TOO_LARGE;
    if (size < VERSION_SIZE || bytes[0] == 0)
        return BB_MALFORMED;
    if (bytes[0] > PROTOCOL_VERSION)
        return BB_VERSION_UNKNOWN;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, arena_allocator(arena), size - VERSION_SIZE, bytes + VERSION_SIZE);
    if (!message) // too much for the arena, or no message: the sender's fault either way, unless memory is used up
        return arena_starved(arena) ? BB_NO_MEMORY : BB_MALFORMED;
    memcpy(out, &message, sizeof message);
    return message_check(message);
}

static enum bb_code value_check(const ProtobufCFieldDescriptor *field, const uint8_t *value)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *message = *(const ProtobufCMessage *const *)(const void *)value;
        return message ? message_check(message) : BB_OK;
    }
    const ProtobufCBinaryData *text = (const void *)value;
    return utf8_valid(text->data, text->len) ? BB_OK : BB_BAD_TEXT;
}

static enum bb_code field_check(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    const uint8_t *value = base + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        bool absent =
            field_is_one_of(field) && *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id;
        return absent ? BB_OK : value_check(field, value);
    }
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    value = *(const uint8_t *const *)(const void *)value;
    for (size_t i = 0; i < count; i++) {
        enum bb_code code = value_check(field, value + i * field_value_size(field));
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

enum bb_code message_check(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE && !field_is_text(field))
            continue;
        enum bb_code code = field_check(message, field);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}
