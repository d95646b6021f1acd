// SPDX-License-Identifier: MPL-2.0
// Bytes fields of protobuf-c messages. Nothing here knows what stands in them.
#include "message_bytes.h"

#include "utf8.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

ProtobufCBinaryData bytes_borrow(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)bytes};
}

ProtobufCBinaryData bytes_borrow_text(const char *text)
{
    return bytes_borrow(text, strlen(text));
}

void bytes_wipe(ProtobufCBinaryData bytes)
{
    if (bytes.data) {
        sodium_memzero(bytes.data, bytes.len);
    }
}

bool text_is_valid(const char *text, size_t room)
{
    size_t size = strnlen(text, room);
    return size < room && utf8_valid((const uint8_t *)text, size);
}

bool bytes_take_text(ProtobufCBinaryData bytes, char *out, size_t room)
{
    if (bytes.len >= room || !utf8_valid(bytes.data, bytes.len)) {
        return false;
    }
    if (bytes.len > 0) {
        memcpy(out, bytes.data, bytes.len);
    }
    out[bytes.len] = '\0';
    return true;
}

bool bytes_have_size(ProtobufCBinaryData bytes, size_t size)
{
    return bytes.len == size && bytes.data;
}

bool bytes_copy(ProtobufCBinaryData *out, const void *bytes, size_t size)
{
    out->data = malloc(size);
    if (!out->data) {
        return false;
    }
    out->len = size;
    if (bytes) {
        memcpy(out->data, bytes, size);
    }
    return true;
}
